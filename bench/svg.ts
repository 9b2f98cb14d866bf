/** Text in an SVG. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** One line of a chart or one kind of bar. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** One group of bars. */
export interface BarGroup {
  readonly name: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

const width = 760;
const left = 190;
const right = 60;
const palette = ["#2f6fb0", "#d9822b", "#5a9e5a", "#9a6bb3", "#8a8a8a", "#b5534a"];

/** Horizontal bars, group by group; a line stands at 1. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ name }) => name)))];
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const scale = (value: number): number => (value / most) * (width - left - right);
  const lines: string[] = [];
  let y = 44 + 18 * names.length;
  const top = y;
  for (const { name, bars } of groups) {
    lines.push(text(left - 8, y + 6 + bars.length * 7, name, "end"));
    for (const { name: series, value } of bars) {
      const shape = `x="${left}" y="${y}" width="${Math.max(1, scale(value)).toFixed(1)}" height="12"`;
      lines.push(`<rect ${shape} fill="${colour(names.indexOf(series))}"/>`);
      lines.push(text(left + scale(value) + 4, y + 10, value.toFixed(2), "start"));
      y += 14;
    }
    y += 10;
  }
  const one = (left + scale(1)).toFixed(1);
  lines.push(`<path d="M${one} ${top - 4}V${y - 6}" stroke="#555" stroke-dasharray="3 3"/>`);
  return framed(title, y + 6, [...legend(names), ...lines]);
}

/** Lines over an axis in powers of ten; y begins at 0. */
export function lineChart(title: string, xTitle: string, yTitle: string, series: readonly Series[]): string {
  const points = series.flatMap((each) => each.points);
  const xs = points.map(({ x }) => Math.log10(x));
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const most = Math.max(...points.map(({ y }) => y)) * 1.1;
  const top = 58 + 18 * series.length;
  const [from, to, bottom] = [80, width - right, top + 240];
  const xAt = (x: number): number => from + ((Math.log10(x) - first) / Math.max(1e-9, last - first)) * (to - from);
  const yAt = (y: number): number => bottom - (y / most) * (bottom - top);
  const lines = [`<path d="M${from} ${top}V${bottom}H${to}" fill="none" stroke="#555"/>`];
  for (const x of new Set(points.map((point) => point.x))) {
    lines.push(text(xAt(x), bottom + 16, x.toLocaleString("en"), "middle"));
  }
  for (const part of [0, 0.5, 1]) {
    lines.push(text(from - 6, yAt(most * part) + 4, (most * part).toPrecision(2), "end"));
  }
  for (const [index, { points: own }] of series.entries()) {
    const path = own.map(({ x, y }) => `${xAt(x).toFixed(1)} ${yAt(y).toFixed(1)}`).join("L");
    lines.push(`<path d="M${path}" fill="none" stroke="${colour(index)}" stroke-width="2"/>`);
  }
  lines.push(text((from + to) / 2, bottom + 34, xTitle, "middle"), text(from, top - 8, yTitle, "middle"));
  return framed(title, bottom + 46, [...legend(series.map(({ name }) => name)), ...lines]);
}

function framed(title: string, height: number, lines: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="12" y="22" font-size="15">${escaped(title)}</text>`,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

function legend(names: readonly string[]): readonly string[] {
  return names.flatMap((name, index) => [
    `<rect x="12" y="${34 + index * 18}" width="12" height="12" fill="${colour(index)}"/>`,
    text(30, 44 + index * 18, name, "start"),
  ]);
}

function text(x: number, y: number, words: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#222">${escaped(words)}</text>`;
}

function colour(index: number): string {
  return palette[index % palette.length]!;
}
