"""Tags of HTML are told from other uses of the same signs."""

import pytest

from iraqcoal_nlp.text.tags import holds_tags


@pytest.mark.parametrize(
    "text",
    [
        "<p>أعلن التحالف وقف التدريب",
        "أعلن <strong>التحالف</strong> وقف التدريب",
        '<P dir="rtl">أعلن التحالف',
        "وقف التدريب<br/>وعاد",
        "وقف التدريب<br />وعاد",
        'قال <a class="x" href="https://example.org/?a=1&b=2">الناطق</a>',
        "انتهى الخبر</div >",
        "<h2>عنوان",
        "<img\nsrc=x>",
    ],
)
def test_tags_are_found(text):
    assert holds_tags(text)


@pytest.mark.parametrize(
    "text",
    [
        "عدد القتلى < 5 والجرحى > 10",
        "a<b و c>d",
        "للتواصل <info@example.org> أو <https://example.org/p>",
        "<<أعلن التحالف>> و<بغداد>",
        "<picture> و<person> و<a> و<part one>",
        "p> أعلن <",
        "<p",
    ],
)
def test_other_signs_are_none(text):
    assert not holds_tags(text)


@pytest.mark.parametrize(
    "text", ["<a href=", "<p =", "<a ", "<p " + 20_000 * "=", "<a " + 20_000 * "href=", "<br" + 20_000 * " "]
)
def test_no_text_takes_long(text):
    assert not holds_tags(text * (20_000 if len(text) < 20 else 1))  # seconds, were the pattern quadratic
