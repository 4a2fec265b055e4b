"""A report as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from mlfw.hints import printable
from mlfw_drift.report import ColumnDrift, DriftReport, Share, Verdict
from mlfw_drift.words import advice, changed, percent, rows_note, summary

MOST_BARS = 24
STYLE = """
:root { color-scheme: light dark; --back: #fff; --card: #f6f7f9; --text: #1c2128; --soft: #57606a;
  --line: #d0d7de; --before: #8c959f; --now: #0969da; --large: #b3261e; --moderate: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --card: #161b22; --text: #e6edf3;
  --soft: #9198a1; --line: #30363d; --before: #6e7681; --now: #58a6ff; --large: #ff8a80;
  --moderate: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--back);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: .5rem 0 0; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; } .soft { color: var(--soft); } ul { padding-left: 1.2rem; margin: .25rem 0; }
.cards { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .75rem; }
.verdict { font-weight: 600; } .large { color: var(--large); } .moderate { color: var(--moderate); }
.bars { display: flex; align-items: flex-end; gap: 2px; height: 4.5rem; margin: .5rem 0;
  border-bottom: 1px solid var(--line); padding: 0; list-style: none; }
.bars li { flex: 1; display: flex; align-items: flex-end; gap: 1px; height: 100%; }
.bars i { flex: 1; background: var(--before); min-height: 1px; }
.bars i + i { background: var(--now); }
.key { display: inline-block; width: .8em; height: .8em; background: var(--before);
  margin: 0 .3em 0 .8em; } .key.now { background: var(--now); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; margin: 0; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; }
"""


def page(report: DriftReport) -> str:
    """Return a report as an HTML page; all text from the data is escaped."""
    return "\n".join(_page(report)) + "\n"


def _page(report: DriftReport) -> Iterator[str]:
    title = f"Drift of {_text(report.data)}"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield f"<title>{title}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    yield (
        f'<p class="soft">{report.rows:,} rows, compared with {report.trained:,} training rows of '
        f"{_text(report.model)}</p>"
    )
    yield f"<p><strong>{_text(summary(report))}</strong></p>"
    if note := rows_note(report):
        yield f"<p>{_text(note)}</p>"
    yield "<h2>What to do</h2><ul>"
    yield from (f"<li>{_text(sentence)}</li>" for sentence in advice(report))
    yield "</ul>"
    yield '<p class="soft">Each pair of bars is the share of rows: <span class="key"></span>'
    yield 'in training <span class="key now"></span>now</p>'
    order = ", those that matter most to the model first" if report.ranked else ""
    if report.columns:
        yield f"<h2>Columns{order}</h2>"
        yield from _cards(report.columns)
    if report.predictions:
        made = " (made now, as the rows hold none)" if report.predicted else ""
        yield f"<h2>Predictions{made}</h2>"
        yield from _cards(report.predictions)
    if report.left_out:
        yield f"<h2>Not compared</h2><p>{_text(', '.join(report.left_out))}</p>"
    yield "</body></html>"


def _cards(columns: tuple[ColumnDrift, ...]) -> Iterator[str]:
    yield '<div class="cards">'
    for found in columns:
        yield from _card(found)
    yield "</div>"


def _card(found: ColumnDrift) -> Iterator[str]:
    look = {Verdict.large: "large", Verdict.moderate: "moderate"}.get(found.verdict, "soft")
    yield f'<section class="card"><h3>{_text(found.name)}</h3>'
    yield f'<p class="verdict {look}">{_text(found.verdict.value)}</p>'
    yield from _bars(_fewer(found.shares))
    yield "<dl>"
    facts = [("changed", changed(found)), ("PSI", f"{found.psi:.3f}")]
    if found.importance is not None:
        facts.append(("matters", percent(found.importance)))
    if found.ks is not None:
        facts.append(("KS distance", f"{found.ks:.3f}"))
    facts.append(("chance", f"p = {found.p_value:.2g}"))
    facts.append(("missing", " -> ".join(map(percent, found.missing))))
    if found.rows_needed is not None:
        facts.append(("rows", f"{found.rows:,}, {found.rows_needed:,} are enough"))
    yield from (f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in facts)
    yield "</dl></section>"


def _bars(shares: list[Share]) -> Iterator[str]:
    if not shares:
        return
    highest = max(max(each.before, each.now) for each in shares) or 1.0
    yield '<ul class="bars">'
    for each in shares:
        words = f"{each.name}: {percent(each.before)} in training, {percent(each.now)} now"
        heights = (100 * each.before / highest, 100 * each.now / highest)
        bars = "".join(f'<i style="height:{height:.1f}%"></i>' for height in heights)
        yield f'<li title="{_text(words)}" role="img" aria-label="{_text(words)}">{bars}</li>'
    yield "</ul>"


def _fewer(shares: tuple[Share, ...]) -> list[Share]:
    """Return the shares, many small ones together."""
    if len(shares) <= MOST_BARS:
        return list(shares)
    order = sorted(shares, key=lambda each: -max(each.before, each.now))
    kept = {id(each) for each in order[: MOST_BARS - 1]}
    rest = [each for each in shares if id(each) not in kept]
    others = Share(
        name=f"{len(rest)} others",
        before=sum(each.before for each in rest),
        now=sum(each.now for each in rest),
    )
    return [*(each for each in shares if id(each) in kept), others]


def _text(text: str) -> str:
    return escape(printable(text).replace(" -> ", " \N{RIGHTWARDS ARROW} "), quote=True)
