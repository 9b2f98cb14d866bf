import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { allGroups } from "../../test/corpus/all-groups.ts";

/** The part of docs/conformance.md about what no Client should send. */
export function badBytes(): readonly string[] {
  const groups = allGroups();
  const total = groups.reduce((sum, { inputs }) => sum + inputs.length, 0);
  const counts = groups.map(({ name, inputs }) => {
    const five = inputs.filter(({ version }) => version === ProtocolVersion.V5).length;
    return `| ${name} | ${five} | ${inputs.length - five} |`;
  });
  return [
    "## Bad bytes",
    "",
    `${total} inputs that no Client should send, each with what may become of it by the statements that it breaks, in`,
    "`test/corpus`. Each is handed to the core in virtual time and to a running broker over TCP",
    "(`npm run test:only -- test/corpus/*.test.ts`). After each a well-behaved Client still has its QoS 1 message answered, nothing",
    "of the bad one was delivered, and the counters stand where they stood. A heap that grows fails too.",
    "",
    "| inputs | 5.0 | 3.1.1 |",
    "| --- | --- | --- |",
    ...counts,
    "",
    "`test/fuzz` tries what nobody thought of: any bytes and mutated packets against the codec, every split of them, Clients that keep",
    "the protocol to the letter and Clients that do not, against the core, and random pieces over TCP. Each property runs for 2 s in",
    "`npm test`, for 10 s in CI, for `FUZZ_SECONDS=600` as long as you like, and prints the seed that plays a failure again.",
  ];
}
