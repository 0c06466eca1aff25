"""What was found: a JSON object a line as it comes, and a table of what, ours, the peer's, the ratio and the goal at the end."""
import json
import os

rows = []


def say(bench, who, **found):
    print(json.dumps({"bench": bench, "who": who, **found, "load1": round(os.getloadavg()[0], 1)}), flush=True)


def compare(what, ours, peers, goal):
    """One row a peer. The goal is the name of the peer that is not to be exceeded, a number, both, or None when there is none."""
    goals = goal if isinstance(goal, tuple) else (goal,)
    most = "".join(f"at most {g} " for g in goals if isinstance(g, (int, float)))
    for name, figure in peers.items() or {"": None}.items():
        rows.append((what, ours, name, figure, most + ("at most its" if name and name in goals else "")))


def table():
    text = lambda figure: "" if figure is None else f"{figure:.3g}" if figure < 1000 else f"{figure:,.0f}"
    print(f"\n{'what':52}{'ours':>9}{'peer':>9}  {'':17}{'ratio':>6}  goal")
    for what, ours, name, figure, goal in rows:
        ratio = f"{ours / figure:.2f}" if ours is not None and figure else ""
        print(f"{what:52}{text(ours):>9}{text(figure):>9}  {name:17}{ratio:>6}  {goal}")
    print(f"load average {' '.join(f'{l:.1f}' for l in os.getloadavg())}")
