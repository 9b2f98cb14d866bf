import { posix } from "node:path";
import { type Finding, lineAt, type SourceFile, withoutComments } from "./source-file.ts";

/** A room may import itself and the rooms named here, nothing else. ARCHITECTURE.md shows the same table. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  mqtt: ["base"],
  topics: ["base", "mqtt"],
  session: ["base", "mqtt"],
  broker: ["base", "mqtt", "topics", "session"],
  store: ["base", "mqtt", "session", "broker"],
  net: ["base", "mqtt"],
  contract: ["base", "mqtt", "topics", "session", "broker"],
  server: ["base", "mqtt", "topics", "session", "broker", "store", "net"],
  service: ["base", "mqtt", "topics", "session", "broker", "store", "net", "contract", "server", "http", "petstore"],
  petstore: ["base", "mqtt", "session", "broker", "contract", "server", "store"],
  http: ["base", "mqtt", "topics", "session", "broker", "contract", "server"],
  cli: [
    "base",
    "mqtt",
    "topics",
    "session",
    "broker",
    "store",
    "net",
    "contract",
    "server",
    "http",
    "service",
    "petstore",
  ],
  // The file src/index.ts, what `petstore-mqtt` exports; it is a room by itself.
  index: ["mqtt", "topics", "session", "broker", "store", "net", "server", "service"],
  testing: ["base", "mqtt", "topics", "session", "broker", "store", "net", "contract", "server", "service"],
};

/** The rooms with no socket, clock, promise or chance in them. */
const pureRooms: ReadonlySet<string> = new Set(["base", "mqtt", "topics", "session", "broker"]);

const impureWord =
  /(?<![.\w$#])(?:Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|process|Promise|async|await|console|globalThis|Math\.random)(?![\w$])/g;

const importStatement =
  /\b(?:import|export)\b(\s+type\b(?=\s*[{*\w]))?(?:[\w\s{},*$]*?\bfrom\s*|\s*\(?\s*)["']([^"']+)["']/g;

/** Imports that go up or sideways, cycles, and what the pure rooms may not touch. */
export function checkLayers(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  const graph = new Map<string, Edge[]>();
  for (const file of files) {
    if (!file.path.startsWith("src/")) continue;
    const room = roomOf(file.path);
    if (room === undefined || mayImport[room] === undefined) {
      findings.push({
        file: file.path,
        line: 1,
        message: `no room of this name; move it into one, or add a row to scripts/tidy/layers.ts and to ARCHITECTURE.md`,
      });
      continue;
    }
    const imports = importsOf(file);
    graph.set(
      file.path,
      imports.filter((edge) => edge.target !== undefined && !edge.isType),
    );
    for (const edge of imports) {
      const message = refusal(room, edge);
      if (message !== undefined) findings.push({ file: file.path, line: edge.line, message });
    }
    if (pureRooms.has(room)) findings.push(...impureWords(file, room));
  }
  return [...findings, ...cycles(graph)];
}

interface Edge {
  readonly specifier: string;
  /** Path of the imported file; undefined for a package. */
  readonly target: string | undefined;
  /** `import type` leaves nothing behind at run time, so it closes no circle. */
  readonly isType: boolean;
  readonly line: number;
}

function roomOf(path: string): string | undefined {
  if (path === "src/index.ts") return "index";
  const parts = path.split("/");
  return parts.length > 2 ? parts[1] : undefined;
}

function importsOf(file: SourceFile): Edge[] {
  const code = withoutComments(file.text, "keep strings");
  const edges: Edge[] = [];
  for (const match of code.matchAll(importStatement)) {
    const specifier = match[2] ?? "";
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(file.path), specifier) : undefined;
    edges.push({ specifier, target, isType: match[1] !== undefined, line: lineAt(code, match.index) });
  }
  return edges;
}

function refusal(room: string, { specifier, target }: Edge): string | undefined {
  if (target === undefined) {
    if (!pureRooms.has(room) || specifier === "node:buffer") return undefined;
    return `${room} is pure and may not import ${specifier}; let the shell do it and hand the result in`;
  }
  if (!specifier.endsWith(".ts")) return `${specifier} must name the source file, with .ts at its end`;
  const targetRoom = roomOf(target) ?? target;
  if (targetRoom === room || mayImport[room]?.includes(targetRoom)) return undefined;
  return `${room} may not import ${targetRoom}; ask through a port of ${room}, or move what both need further down`;
}

function impureWords(file: SourceFile, room: string): Finding[] {
  const code = withoutComments(file.text, "blank strings");
  return [...code.matchAll(impureWord)].map((match) => ({
    file: file.path,
    line: lineAt(code, match.index),
    message: `${room} is pure and may not use ${match[0]}; take time and chance as arguments, and answer with a verb`,
  }));
}

function cycles(graph: ReadonlyMap<string, readonly Edge[]>): Finding[] {
  const findings: Finding[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string, line: number): void {
    if (path.includes(file)) {
      const cycle = [...path.slice(path.indexOf(file)), file].map((each) => each.replace(/^src\//, "")).join(" → ");
      findings.push({
        file: path.at(-1) ?? file,
        line,
        message: `imports go in a circle: ${cycle}; move what is shared into its own file`,
      });
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const edge of graph.get(file) ?? []) visit(edge.target ?? "", edge.line);
    path.pop();
    done.add(file);
  }
  for (const file of graph.keys()) visit(file, 1);
  return findings;
}
