import { differences, mosquittoVersionListed } from "../../test/scenarios/mosquitto-differences.ts";
import { applicable, nameOf } from "../../test/scenarios/other-broker.ts";
import { withAlignedTables } from "../markdown-table.ts";
import { badBytes } from "./bad-bytes.ts";
import {
  byStatement,
  type Citation,
  readStatements,
  type Statement,
  sourceCitations,
  testCitations,
} from "./manifest.ts";

/** So many files of tests are named for one statement; more are counted. */
const testsShownMax = 3;

/** The whole of docs/conformance.md. */
export function conformanceReport(root: string): string {
  const statements = readStatements(root);
  const sources = byStatement(sourceCitations(root));
  const tests = byStatement(testCitations(root));
  return withAlignedTables(
    `${[
      head,
      ...figures(statements, sources, tests),
      "",
      proof,
      ...otherBroker(),
      "",
      ...badBytes(),
      ...(["5.0", "3.1.1"] as const).flatMap((version) => [
        "",
        `## Statements of MQTT ${version}`,
        "",
        "| id | binds | says | kept in | proven by |",
        "| --- | --- | --- | --- | --- |",
        ...statements.filter((one) => one.version === version).map((one) => row(one, sources, tests)),
      ]),
    ].join("\n")}\n`,
  );
}

const head = `# Conformance

Printed by \`npm run conformance\` from \`test/statements/\`, the ids in \`src\` and the ids in the tests; a test fails when it
is out of date. The words are ours, the specifications' own are at
[OASIS](https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html).

## Figures
`;

const proof = `A statement counts as proven when a line of \`src\` names it and a test names it. That such a test would notice is
checked too: \`npm run breach -- --count 30\` takes random statements, disables a line that names them, in a copy, and
expects a test to fail. \`--statement ID\` and \`--seed N\` do the same again.

## With another broker
`;

type Places = ReadonlyMap<string, readonly Citation[]>;

function figures(statements: readonly Statement[], sources: Places, tests: Places): string[] {
  const isProven = ({ id }: Statement): boolean => sources.has(id) && tests.has(id);
  const line = (what: string, count: (of: readonly Statement[]) => number): string => {
    const [five, three] = (["5.0", "3.1.1"] as const).map((version) =>
      count(statements.filter((one) => one.version === version)),
    );
    return `| ${what} | ${five} | ${three} |`;
  };
  const binding = (of: readonly Statement[]): readonly Statement[] => of.filter(({ binds }) => binds !== "client");
  const clients = (of: readonly Statement[]): readonly Statement[] => of.filter(({ binds }) => binds === "client");
  return [
    "| | 5.0 | 3.1.1 |",
    "| --- | --- | --- |",
    line("normative statements", (of) => of.length),
    line("bind a Server", (of) => binding(of).length),
    line("of these proven", (of) => binding(of).filter(isProven).length),
    line("of these not to be broken here, with the reason", (of) => binding(of).filter(hasReason).length),
    line("bind a Client alone", (of) => clients(of).length),
    line("of these checked by this Server, and proven", (of) => clients(of).filter(isProven).length),
    line("of these out of its sight, with the reason", (of) => clients(of).filter(hasReason).length),
  ];
}

function hasReason({ reason }: Statement): boolean {
  return reason !== undefined;
}

function otherBroker(): string[] {
  const { scenarios, needOurCore, needOurSettings } = applicable();
  const played = scenarios.flatMap((one) => one.versions.map((version) => nameOf(one, version)));
  const count = (names: readonly string[]): number =>
    played.filter((name) => names.some((listed) => name === listed || name.startsWith(`${listed} `))).length;
  const different = count(differences.flatMap((one) => one.scenarios));
  return [
    `The scenarios that need nothing of ours run against Mosquitto ${mosquittoVersionListed} too, where it is installed`,
    "(`npm run scenarios -- --broker mosquitto`). A difference that is not listed, or no longer there, fails the test.",
    "",
    `Played: ${played.length}. As expected: ${played.length - different}. Different: ${different}. Scenarios not played:`,
    `${needOurCore} that wait long or need what no Client can bring about, ${needOurSettings} with limits, rules or accounts of ours.`,
    "",
    "| what Mosquitto does | kind | scenarios |",
    "| --- | --- | --- |",
    ...differences.map(({ kind, reason, scenarios: names }) => `| ${reason} | ${kind} | ${count(names)} |`),
  ];
}

function row({ id, binds, words, reason }: Statement, sources: Places, tests: Places): string {
  if (reason !== undefined) return `| ${id} | ${binds} | ${cell(words)} | – | ${cell(reason)} |`;
  const kept = filesOf(sources.get(id)).map((file) => file.replace(/^src\//, ""));
  const proving = filesOf(tests.get(id)).map((file) =>
    file.replace(/^test\//, "").replace(/\.(?:scenario|test\.ts)$/, ""),
  );
  const shown = proving.slice(0, testsShownMax).join("<br>");
  const more = proving.length > testsShownMax ? ` and ${proving.length - testsShownMax} more` : "";
  return `| ${id} | ${binds} | ${cell(words)} | ${kept.join("<br>")} | ${shown}${more} |`;
}

function filesOf(citations: readonly Citation[] | undefined): readonly string[] {
  return [...new Set((citations ?? []).map(({ file }) => file))];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("#", "\\#").replaceAll("$", "\\$").replaceAll("<", "&lt;");
}
