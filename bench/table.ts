import type { LoadResult } from "./load/generator.ts";
import { eventsIn, type Measurement, median, merit, perCore } from "./measure.ts";
import { mosquittoFor, sameIn, stepBefore } from "./peer-of.ts";

interface Column {
  readonly title: string;
  readonly cell: (measurement: Measurement) => string;
}

/**
 * The table of one scenario, one row a contender, as Markdown; medians of the rounds.
 * @param before another time's, to be compared with; may be empty
 */
export function scenarioTable(measurements: readonly Measurement[], before: readonly Measurement[] = []): string {
  const columns = columnsFor(measurements, before);
  const rows = measurements.map((measurement) => {
    if (measurement.runs.length === 0) return [nameOf(measurement), `failed: ${measurement.failures[0] ?? ""}`];
    return columns.map(({ cell }) => cell(measurement));
  });
  return markdownTable(
    columns.map(({ title }) => title),
    rows,
  );
}

/** The table of scenarios that differ in one number, one row a contender, CPU microseconds a message. */
export function growthTable(measurements: readonly Measurement[]): string {
  const points = [...new Set(measurements.map(({ scenario }) => scenario.at ?? 0))];
  const names = [...new Set(measurements.map(nameOf))];
  const rows = names.map((name) => [
    name,
    ...points.map((at) => {
      const found = measurements.find((each) => nameOf(each) === name && each.scenario.at === at);
      return found === undefined || found.runs.length === 0 ? "failed" : (1e6 / perCore(found)).toFixed(2);
    }),
  ]);
  return markdownTable(["CPU µs a message, at", ...points.map((at) => at.toLocaleString("en"))], rows);
}

/** `rows` under `titles`, padded to line up. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width))).join(" | ")} |`;
  return [line(titles), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}

/** Its broker, version and step, for people. */
export function nameOf({ scenario, contender }: Measurement): string {
  const step = scenario.steps[contender.step]?.name ?? "";
  const set = step === "" ? "" : `, ${step}`;
  return `${contender.broker.name}, ${contender.version === 5 ? "5.0" : "3.1.1"}${set}`;
}

function columnsFor(all: readonly Measurement[], before: readonly Measurement[]): readonly Column[] {
  const { scenario } = all[0]!;
  const isConnect = scenario.mode === "connect";
  const ratio = (title: string, other: (measurement: Measurement) => Measurement | undefined): Column => ({
    title,
    cell: (measurement) => {
      const found = other(measurement);
      return found === undefined ? "" : (merit(measurement) / merit(found)).toFixed(2);
    },
  });
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
    ...(scenario.steps.length === 1 ? [] : [ratio("× the step before", (m) => stepBefore(m, all))]),
    ratio("× mosquitto", (m) => mosquittoFor(m, all)),
    // A broker that waits for its disk does not spend CPU seconds.
    ...(scenario.steps.some(({ setup }) => setup.store === "disk") ? [byTheClock(all)] : []),
    ...(before.length === 0 ? [] : [ratio("× before", (m) => sameIn(m, before))]),
    { title: "busy", cell: (m) => share(m, (run) => run.brokerCpuSeconds) },
    { title: "generator", cell: (m) => share(m, (run) => run.generatorCpuSeconds) },
    ...(isConnect ? connectColumns : messageColumns),
    { title: "MB", cell: (m) => (median(m.runs.map((run) => run.brokerKilobytesMax)) / 1024).toFixed(0) },
    { title: "spread", cell: spread },
    { title: "failed", cell: ({ failures }) => (failures.length === 0 ? "" : `${failures.length}: ${failures[0]}`) },
  ];
}

function byTheClock(all: readonly Measurement[]): Column {
  const perSecond = ({ scenario, runs }: Measurement): number =>
    median(runs.map((run) => eventsIn(scenario, run) / run.seconds));
  return {
    title: "by the clock",
    cell: (measurement) => {
      const peer = mosquittoFor(measurement, all);
      return peer === undefined ? "" : (perSecond(measurement) / perSecond(peer)).toFixed(2);
    },
  };
}

const connectColumns: readonly Column[] = [
  {
    title: "kB each, idle",
    cell: ({ runs }) =>
      median(runs.map((run) => (run.brokerKilobytes - run.brokerKilobytesBefore) / run.clients)).toFixed(1),
  },
  { title: "resumed", cell: ({ runs }) => median(runs.map(({ resumed }) => resumed)).toFixed(0) },
];

const messageColumns: readonly Column[] = [
  { title: "p50 µs", cell: ({ runs }) => count(median(runs.map((run) => run.latencyMicroseconds.p50))) },
  { title: "p99 µs", cell: ({ runs }) => count(median(runs.map((run) => run.latencyMicroseconds.p99))) },
  {
    title: "lost + twice",
    cell: ({ runs }) => String(runs.reduce((sum, run) => sum + run.lost + run.duplicated, 0)),
  },
];

function share(measurement: Measurement, cpuSeconds: (run: LoadResult) => number): string {
  return median(measurement.runs.map((run) => cpuSeconds(run) / run.seconds)).toFixed(2);
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
