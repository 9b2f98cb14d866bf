import { type Measurement, merit, perCore } from "./measure.ts";
import { mosquittoFor } from "./peer-of.ts";
import { restartTable } from "./restart.ts";
import { conditions, type Results, releasesIn } from "./results.ts";
import type { Scenario } from "./scenarios.ts";
import { barChart, lineChart } from "./svg.ts";
import { growthTable, nameOf, scenarioTable } from "./table.ts";

const begin = "<!-- measured: what follows is written by npm run bench:all -->";
const end = "<!-- end of what was measured -->";

/** What a chart is called in `docs/performance/`, and its SVG. */
export type Charts = ReadonlyMap<string, string>;

/**
 * The page with its measured part written anew, and the charts that it shows.
 * @throws Error when the page has no such part
 */
export function drawPage(page: string, results: Results): { readonly text: string; readonly charts: Charts } {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page lacks the lines ${begin} and ${end}`);
  const charts = chartsOf(results);
  const measured = [begin, ...partsOf(results, charts)].join("\n\n");
  return { text: `${page.slice(0, from)}${measured}\n\n${page.slice(to)}`, charts };
}

function partsOf(results: Results, charts: Charts): readonly string[] {
  const lone = results.measurements.filter(({ scenario }) => scenario.at === undefined);
  const shown = (name: string, title: string): readonly string[] =>
    charts.has(name) ? [`![${title}](performance/${name})`] : [];
  return [
    [...conditions(results), `${releasesIn(results).join(", ")}.`].map((line) => `- ${line}`).join("\n"),
    ...shown("ratios.svg", "Messages a CPU second, as a multiple of Mosquitto's"),
    ...byScenario(lone).map(([scenario, measured]) => {
      return `### ${scenario.name}\n\n${scenario.sentence}.\n\n${scenarioTable(measured)}`;
    }),
    ...growing(results).flatMap(([group, measured]) => [
      `### ${group}`,
      ...shown(`${group}.svg`, `CPU microseconds a message: ${group}`),
      growthTable(measured),
    ]),
    ...(results.restart === undefined ? [] : [`### restart\n\n${restartTable(results.restart)}`]),
  ];
}

function chartsOf(results: Results): Charts {
  const charts = new Map<string, string>();
  const groups = byScenario(results.measurements)
    .filter(([{ at, mode, steps }]) => at === undefined && mode !== "connect" && steps.length === 1)
    .map(([{ name }, measured]) => ({ name, bars: ratiosOf(measured) }))
    .filter(({ bars }) => bars.length > 0);
  if (groups.length > 0) charts.set("ratios.svg", barChart("Messages a CPU second; Mosquitto is 1", groups));
  for (const [group, measured] of growing(results)) {
    const names = [...new Set(measured.map(nameOf))];
    const series = names.map((name) => ({ name, points: pointsOf(measured.filter((each) => nameOf(each) === name)) }));
    const title = `CPU µs a delivered message: ${group}`;
    charts.set(`${group}.svg`, lineChart(title, group.replace("growth-", ""), "µs", series));
  }
  return charts;
}

/** One bar for each broker but Mosquitto: of MQTT 5.0 where it speaks that. */
function ratiosOf(measured: readonly Measurement[]): readonly { readonly name: string; readonly value: number }[] {
  const newest = measured.filter(({ contender: { broker, version } }) =>
    measured.every((each) => each.contender.broker.name !== broker.name || each.contender.version <= version),
  );
  return newest.flatMap((measurement) => {
    const peer = mosquittoFor(measurement, measured);
    const { name } = measurement.contender.broker;
    if (peer === undefined || name.startsWith("mosquitto") || measurement.runs.length === 0) return [];
    return [{ name, value: merit(measurement) / merit(peer) }];
  });
}

function pointsOf(measured: readonly Measurement[]): readonly { readonly x: number; readonly y: number }[] {
  return measured
    .filter(({ runs }) => runs.length > 0)
    .map((measurement) => ({ x: measurement.scenario.at ?? 1, y: 1e6 / perCore(measurement) }));
}

function byScenario(measurements: readonly Measurement[]): readonly (readonly [Scenario, readonly Measurement[]])[] {
  const all = [...new Set(measurements.map(({ scenario }) => scenario))];
  return all.map((scenario) => [scenario, measurements.filter((each) => each.scenario === scenario)]);
}

function growing({ measurements }: Results): readonly (readonly [string, readonly Measurement[]])[] {
  const all = measurements.filter(({ scenario }) => scenario.at !== undefined);
  const groups = [...new Set(all.map(({ scenario }) => scenario.group))];
  return groups.map((group) => [group, all.filter(({ scenario }) => scenario.group === group)]);
}
