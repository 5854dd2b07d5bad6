"""Growth as one picture: each figure over its load, both as multiples of the first. What grows with
its load is a straight line; a bend shows."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 1000, 600, 70, 40, 400, 60
COLOURS = ["#0b6e99", "#b5402a", "#3f7d20", "#7a3e9d", "#a86b00", "#1b4f4a", "#8c2155", "#555555",
           "#2f5fd0", "#d06a9c", "#00857a", "#6b5b00", "#d9822b", "#4a1e6e"]


def growth(series):
    """{name: [(load, figure), …]} to SVG; logarithmic both ways."""
    lines = {name: [(x / points[0][0], max(y / points[0][1], 1e-3)) for x, y in points]
             for name, points in series.items() if len(points) > 1 and points[0][1] > 0}
    xs = [x for points in lines.values() for x, _ in points] or [1]
    ys = [y for points in lines.values() for _, y in points] or [1]
    x_top = max(1, math.ceil(math.log10(max(xs))))
    low = min(0, math.floor(math.log10(min(ys))))
    high = max(1, math.ceil(math.log10(max(ys)) - 1e-9), x_top)

    def place(x, y):
        return (LEFT + math.log10(x) / x_top * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - (math.log10(y) - low) / (high - low) * (HEIGHT - TOP - BOTTOM))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="13" role="img" '
           'aria-label="Growth of each figure with its load">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="24" font-size="16">Figure over load, as multiples of the first '
           '(logarithmic)</text>']
    for power in range(0, x_top + 1):
        x, _ = place(10 ** power, 1)
        out.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">'
                   f'{10 ** power}×</text>')
    for power in range(low, high + 1):
        _, y = place(1, 10.0 ** power)
        out.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
                   f'{10.0 ** power:g}×</text>')
    (ax, ay), (bx, by) = place(1, 1), place(10 ** x_top, 10 ** x_top)
    out.append(f'<path d="M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}" stroke="#999" '
               'stroke-dasharray="4 4"/>')
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [place(x, y) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        y = TOP + 12 + 24 * number
        out.append(f'<path d="M{WIDTH - RIGHT + 16} {y - 4}h24" stroke="{colour}" '
                   f'stroke-width="2"/><text x="{WIDTH - RIGHT + 48}" y="{y}">{escape(name)}</text>')
    y = TOP + 12 + 24 * len(lines)
    out.append(f'<path d="M{WIDTH - RIGHT + 16} {y - 4}h24" stroke="#999" stroke-dasharray="4 4"/>'
               f'<text x="{WIDTH - RIGHT + 48}" y="{y}">in step with the load</text></svg>')
    return "\n".join(out) + "\n"
