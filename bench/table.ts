import type { LoadResult } from "./load/generator.ts";
import { eventsIn, type Measurement, median } from "./measure.ts";

interface Column {
  readonly title: string;
  readonly cell: (measurement: Measurement, peers: readonly Measurement[]) => string;
}

/** The table of one scenario, one row a contender, as Markdown; medians of the rounds. */
export function scenarioTable(measurements: readonly Measurement[]): string {
  const columns = columnsFor(measurements[0]!);
  const rows = measurements.map((measurement) => {
    if (measurement.runs.length === 0) return [nameOf(measurement), `failed: ${measurement.failures[0] ?? ""}`];
    return columns.map(({ cell }) => cell(measurement, measurements));
  });
  return markdownTable(
    columns.map(({ title }) => title),
    rows,
  );
}

/** The figure that counts: what one core delivers when it is the limit, messages (or connections) per CPU second. */
export function perCore(measurement: Measurement): number {
  return median(measurement.runs.map((run) => eventsIn(measurement.scenario, run) / run.brokerCpuSeconds));
}

/** `rows` under `titles`, padded to line up. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width))).join(" | ")} |`;
  return [line(titles), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}

function columnsFor({ scenario }: Measurement): readonly Column[] {
  const isConnect = scenario.mode === "connect";
  return [
    { title: "broker", cell: nameOf },
    {
      title: isConnect ? "connections/s" : "delivered/s",
      cell: (m) => count(median(m.runs.map((run) => eventsIn(m.scenario, run) / run.seconds))),
    },
    {
      title: isConnect ? "CPU s per 1,000" : "CPU s per million",
      cell: (m) => ((isConnect ? 1e3 : 1e6) / perCore(m)).toFixed(2),
    },
    { title: "per core and s", cell: (m) => count(perCore(m)) },
    { title: "× mosquitto", cell: ratioToMosquitto },
    { title: "busy", cell: (m) => share(m, (run) => run.brokerCpuSeconds) },
    { title: "generator", cell: (m) => share(m, (run) => run.generatorCpuSeconds) },
    ...(isConnect
      ? [{ title: "kB each, idle", cell: idleKilobytes }]
      : [
          { title: "p50 µs", cell: (m: Measurement) => count(median(m.runs.map((r) => r.latencyMicroseconds.p50))) },
          { title: "p99 µs", cell: (m: Measurement) => count(median(m.runs.map((r) => r.latencyMicroseconds.p99))) },
        ]),
    { title: "MB", cell: (m) => (median(m.runs.map((run) => run.brokerKilobytesMax)) / 1024).toFixed(0) },
    { title: "lost + twice", cell: (m) => String(m.runs.reduce((sum, run) => sum + run.lost + run.duplicated, 0)) },
    { title: "spread", cell: spread },
    { title: "failed", cell: ({ failures }) => (failures.length === 0 ? "" : `${failures.length}: ${failures[0]}`) },
  ];
}

function nameOf({ contender }: Measurement): string {
  return `${contender.broker.name}, ${contender.version === 5 ? "5.0" : "3.1.1"}`;
}

/**
 * Against Mosquitto speaking the same version, or the one it did speak; where Sessions outlive their connections, against
 * the one that saves them, if it is there.
 */
function ratioToMosquitto(measurement: Measurement, peers: readonly Measurement[]): string {
  const named = (name: string): readonly Measurement[] =>
    peers.filter(({ contender, runs }) => contender.broker.name === name && runs.length > 0);
  const saving = measurement.scenario.options["persistent"] === 1 ? named("mosquitto-saving") : [];
  const measured = saving.length > 0 ? saving : named("mosquitto");
  const peer = measured.find(({ contender }) => contender.version === measurement.contender.version) ?? measured[0];
  return peer === undefined ? "" : (perCore(measurement) / perCore(peer)).toFixed(2);
}

function share(measurement: Measurement, cpuSeconds: (run: LoadResult) => number): string {
  return median(measurement.runs.map((run) => cpuSeconds(run) / run.seconds)).toFixed(2);
}

function idleKilobytes({ runs }: Measurement): string {
  return median(runs.map((run) => (run.brokerKilobytes - run.brokerKilobytesBefore) / run.clients)).toFixed(1);
}

/** The largest over the smallest of the rounds' figures: below this a difference means nothing. */
function spread(measurement: Measurement): string {
  const figures = measurement.runs.map((run) => eventsIn(measurement.scenario, run) / run.brokerCpuSeconds);
  return (Math.max(...figures) / Math.min(...figures)).toFixed(2);
}

function count(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  return value >= 1e4 ? `${(value / 1e3).toFixed(0)}k` : value.toFixed(0);
}
