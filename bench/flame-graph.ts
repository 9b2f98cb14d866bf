import { type CpuProfile, placeOf, selfTimes } from "./cpu-profile.ts";
import { escaped } from "./svg.ts";

/** One box: a function where it was called from, with all that it called. */
interface Frame {
  readonly name: string;
  readonly place: string;
  microseconds: number;
  readonly callees: Map<string, Frame>;
}

const width = 1_600;
const rowHeight = 17;
const characterWidth = 6.6;
/** Narrower boxes are left out. */
const boxWidthMin = 0.5;

/**
 * A flame graph as SVG: the wider a box, the longer its function ran, callees below their callers. Hovering names the
 * place. Idle time is left out.
 */
export function flameGraph(profile: CpuProfile, root: string, title: string): string {
  const all: Frame = { name: "all", place: "", microseconds: 0, callees: new Map() };
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const called = new Set(profile.nodes.flatMap(({ children }) => children ?? []));
  const times = selfTimes(profile);
  const add = (id: number, caller: Frame): number => {
    const { callFrame, children = [] } = nodes.get(id)!;
    const { functionName, url, lineNumber } = callFrame;
    if (functionName === "(idle)") return 0;
    const place = url === "" ? "" : `${placeOf(url, root)}:${lineNumber + 1}`;
    const name = functionName || "(anonymous)";
    const key = `${name} ${place}`;
    const frame = caller.callees.get(key) ?? { name, place, microseconds: 0, callees: new Map() };
    caller.callees.set(key, frame);
    const total = (times.get(id) ?? 0) + children.reduce((sum, child) => sum + add(child, frame), 0);
    frame.microseconds += total;
    return total;
  };
  for (const { id } of profile.nodes) if (!called.has(id)) all.microseconds += add(id, all);
  return drawn(all, title);
}

function drawn(all: Frame, title: string): string {
  const boxes: { readonly frame: Frame; readonly x: number; readonly depth: number }[] = [];
  const place = (frame: Frame, x: number, depth: number): void => {
    if (widthOf(frame, all) < boxWidthMin) return;
    boxes.push({ frame, x, depth });
    let at = x;
    for (const callee of [...frame.callees.values()].sort((a, b) => b.microseconds - a.microseconds)) {
      place(callee, at, depth + 1);
      at += widthOf(callee, all);
    }
  };
  place(all, 0, 0);
  const rows = Math.max(...boxes.map(({ depth }) => depth)) + 1;
  const height = (rows + 2) * rowHeight;
  const shapes = boxes.map(({ frame, x, depth }) => box(frame, all, x, (depth + 1.5) * rowHeight));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="monospace" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="4" y="14">${escaped(title)}</text>`,
    ...shapes,
    "</svg>\n",
  ].join("\n");
}

function box(frame: Frame, all: Frame, x: number, y: number): string {
  const boxWidth = widthOf(frame, all);
  const letters = Math.floor((boxWidth - 4) / characterWidth);
  const label = letters < 3 ? "" : frame.name.slice(0, letters);
  const percent = ((frame.microseconds / all.microseconds) * 100).toFixed(1);
  const hint = `${frame.name} ${frame.place} ${(frame.microseconds / 1e3).toFixed(0)} ms, ${percent} %`;
  const shape = `x="${x.toFixed(1)}" y="${y}" width="${boxWidth.toFixed(1)}" height="${rowHeight - 1}"`;
  const text = label === "" ? "" : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`;
  return `<g><title>${escaped(hint)}</title><rect ${shape} fill="${colourOf(frame)}"/>${text}</g>`;
}

function widthOf(frame: Frame, all: Frame): number {
  return all.microseconds === 0 ? width : (frame.microseconds / all.microseconds) * width;
}

/** By room; what is not ours is grey. */
function colourOf({ place }: Frame): string {
  const room = /^dist\/(\w+)\//.exec(place)?.[1];
  return colours[room ?? ""] ?? (place.startsWith("node:") ? "#c9d6e3" : "#dddddd");
}

const colours: Readonly<Record<string, string>> = {
  mqtt: "#f4b66a",
  topics: "#f2d36b",
  session: "#c6dd78",
  broker: "#8ccf8c",
  net: "#7fc8d8",
  store: "#d99ac5",
  contract: "#e88f8f",
  server: "#a9b7ee",
};
