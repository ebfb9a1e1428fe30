"""Check that every link and image of built HTML pages is there: python check_links.py FOLDER."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page can be linked by, and what it links to, with the lines."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values["id"]} if "id" in values else set()
        links = [values[name] for name in ("href", "src") if name in values]
        links += [size.split()[0] for size in values.get("srcset", "").split(",") if size.strip()]
        self.links += [(self.getpos()[0], link) for link in links]


def read_pages(folder):
    """Read all pages; what lies in _static belongs to the theme."""
    paths = sorted(path for path in folder.rglob("*.html") if "_static" not in path.parts)
    return {path: Page(path) for path in paths}


def broken_links(pages):
    """Give every broken link as "page:line: link" and what is wrong with it."""
    for path, page in pages.items():
        for line, link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            fragment = unquote(parts.fragment)
            if not target.is_file():
                problem = "no such file"
            elif fragment and target in pages and fragment not in pages[target].anchors:
                problem = "no such place in the page"
            else:
                continue
            yield f"{path}:{line}: {link}: {problem}"


def main():
    """Print what is broken, and exit with 1 if anything is."""
    pages = read_pages(Path(sys.argv[1]).resolve())
    problems = list(broken_links(pages))
    n_links = sum(len(page.links) for page in pages.values())
    print(*problems, f"{len(pages)} pages, {n_links} links, {len(problems)} broken", sep="\n")
    sys.exit(bool(problems) or not pages)


if __name__ == "__main__":
    main()
