"""How works are cited, "Saxe et al. (2018)", and how the bibliography lists them."""

from dataclasses import dataclass, field

from pybtex.plugin import register_plugin as register_in_pybtex
from pybtex.richtext import Text
from pybtex.style.formatting import toplevel
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.formatting.unsrt import date, pages
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.template import field as value_of
from pybtex.style.template import join, node, optional, sentence, tag
from sphinxcontrib.bibtex.plugin import register_plugin as register_in_sphinx
from sphinxcontrib.bibtex.style.referencing import BracketStyle, PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle


def joined(names, is_short):
    """Names in a row; "and others" becomes "et al.", as do, if short, all but one of three."""
    others = str(names[-1]) == "others"
    if others or (is_short and len(names) > 2):
        return Text(Text(", ").join(names[:1] if is_short else names[:-1]), " et al.")
    return Text(" and ").join([Text(", ").join(names[:-1]), names[-1]] if names[1:] else names)


@node
def all_authors(children, context):
    style, persons = context["style"], context["entry"].persons["author"]
    return joined([style.format_name(person).format() for person in persons], is_short=False)


@node
def cited_authors(children, context):
    persons = context["entry"].persons["author"]
    return joined([Text(" ").join(person.rich_last_names) for person in persons], is_short=True)


class Keys(BaseLabelStyle):
    """Labels that no two sections share; the page does not show them."""

    def format_labels(self, sorted_entries):
        return [entry.key for entry in sorted_entries]


class Works(PlainStyle):
    """The plain style of BibTeX, with "et al." and with volumes that have no pages."""

    default_label_style = Keys

    def format_names(self, role, as_sentence=True):
        if role != "author":
            return super().format_names(role, as_sentence)
        return sentence[all_authors] if as_sentence else all_authors

    def get_article_template(self, e):
        number = optional["(", value_of("number"), ")"]
        volume = join[value_of("volume"), number, optional[":", pages]]
        return toplevel[
            self.format_names("author"),
            self.format_title(e, "title"),
            sentence[tag("em")[value_of("journal")], volume, date],
            self.format_web_refs(e),
        ]


class Authors(PersonStyle):
    """Last names, as they are cited."""

    def author_or_editor_or_title(self, full):
        return cited_authors


def round_brackets():
    return BracketStyle(left="(", right=")", sep="; ")


@dataclass
class AuthorsAndYear(AuthorYearReferenceStyle):
    """In round brackets, with a semicolon between works."""

    bracket_textual: BracketStyle = field(default_factory=round_brackets)
    bracket_parenthetical: BracketStyle = field(default_factory=round_brackets)
    person: PersonStyle = field(default_factory=Authors)


register_in_pybtex("pybtex.style.formatting", "works", Works)
register_in_sphinx("sphinxcontrib.bibtex.style.referencing", "authors_and_year", AuthorsAndYear)
