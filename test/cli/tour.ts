/**
 * A command line that is run for real, after the ones before it; `{mqtt}` and the like are ports of the running server,
 * `{contract}` is the path of the pet store's contract.
 */
export interface Step {
  readonly line: string;
  readonly stdin?: string;
  /** Of stdout. */
  readonly says: RegExp;
}

const place = "--config broker.yaml --data data";
const clientOfVersion5 =
  "--session-expiry 60 --receive-maximum 10 --maximum-packet-size 10000 --topic-alias-maximum 5 --request-response-information --no-problem-information --connect-user-property from=tour";
const will =
  "--will-topic pets/7/alert --will-message lost --will-qos 1 --will-retain --will-delay 1 --will-payload-format utf-8 --will-message-expiry 60 --will-content-type text/plain --will-response-topic answers --will-correlation-data 7 --will-user-property from=tour";
const session = "--protocol-version 5 --no-clean-start --keep-alive 30 --reconnect 0";
const tls = "--host localhost --port {mqtts} --ca data/tls/ca.crt --cert data/tls/server.crt --key data/tls/server.key";

/** What `broker.yaml` says. */
export const tourConfig = "logLevel: warn\ndata: data\n";

/** Files that the steps read. */
export const tourFiles: ReadonlyMap<string, string> = new Map([
  ["broker.yaml", tourConfig],
  ["password", "service-demo\n"],
  ["staff-password", "staff-demo\n"],
  ["lines", "RESERVED\nSOLD\n"],
  ["batch.jsonl", '{"topic":"pets/9/status","payload":"SOLD","qos":1,"retain":true}\n'],
]);

/** The server that the steps speak to, and one that takes everybody. */
export const tourServers: readonly string[] = [
  `serve ${place} --store disk --demo --bind 127.0.0.1 --mqtts 0 --mqtt 0 --wss 0 --ws 0 --contract none --contract-view service --log-level warn`,
  "serve --open --mqtt 0 --store memory --log-level warn",
];

/** Every command with every flag that it has, at least once. */
export const tourSteps: readonly Step[] = [
  {
    line: `pub ${tls} --user service --password service-demo --client-id shop ${session} ${clientOfVersion5} ${will} --qos 1 --retain --topic pets/7/status --message SOLD --payload-format utf-8 --message-expiry 600 --content-type text/plain --response-topic answers --correlation-data 7 --user-property from=tour --topic-alias 1 --timeout 20 --json`,
    says: /"/,
  },
  {
    line: "pub --url mqtt://localhost:{mqtt} --user service --password-file password --file lines --lines --repeat 2 --rate 100 --quiet pets/8/status",
    says: /^$/,
  },
  { line: "pub --url ws://localhost:{ws}/mqtt --user service --password service-demo --batch batch.jsonl", says: /^/ },
  {
    line: "pub --url mqtt://localhost:{mqtt} --user service --password service-demo --count 3 --latency pets/8/status SOLD",
    says: /^/,
  },
  {
    line: `sub ${tls} --user service --password service-demo --client-id desk ${session} ${clientOfVersion5} ${will} --qos 1 --topic pets/7/status --count 1 --timeout 20 --json --no-local --retain-as-published --retain-handling 0 --subscription-identifier 4 --user-property from=tour`,
    says: /"pets\/7\/status"/,
  },
  {
    line: "sub --url mqtt://localhost:{mqtt} --user staff --password-file staff-password --verbose --persistent --client-id desk-2 --count 1 --timeout 20 --quiet pets/9/status",
    says: /^pets\/9\/status SOLD\n$/,
  },
  {
    line: "sub --url mqtt://localhost:{mqtt} --user staff --password staff-demo --format %q:%p --latency --count 1 --timeout 20 pets/9/status",
    says: /^0:SOLD\n/,
  },
  { line: `account add till --role customer --scram ${place}`, stdin: "a-long-password\n", says: /^/ },
  { line: `account passwd till --scram ${place}`, stdin: "another-long-password\n", says: /^/ },
  { line: `account list --json ${place}`, says: /"till"/ },
  { line: `account roles till --none ${place}`, says: /^/ },
  { line: `account remove till ${place}`, says: /^/ },
  { line: `sessions list --json --limit 10 --skip 0 ${place}`, says: /"clientId":"desk-2"/ },
  { line: `sessions show desk-2 --json --limit 10 --skip 0 ${place}`, says: /"topicFilter":"pets\/9\/status"/ },
  { line: `retained list --json --payload --limit 10 --skip 0 ${place} pets/#`, says: /"payload":"SOLD"/ },
  { line: `retained show --json ${place} pets/9/status`, says: /^\{"topicName":"pets\/9\/status"/ },
  { line: `queue list --json --limit 10 --skip 0 ${place}`, says: /^/ },
  { line: `queue show desk-2 --json --payload --limit 10 --skip 0 ${place}`, says: /^/ },
  {
    line: "pub --url mqtt://localhost:{mqtt} --user alice --password alice-demo --protocol-version 3.1.1 --qos 1 pets/9/status SOLD",
    says: /^/,
  },
  { line: `refusals --json --limit 10 --skip 0 ${place}`, says: /"what":"publish"/ },
  {
    line: `dead-letters list --topic pets/# --cause refused --json --payload --limit 10 --skip 0 ${place}`,
    says: /"payload":"SOLD"/,
  },
  { line: `dead-letters show --json ${place} 1`, says: /"cause":"refused"/ },
  { line: `dead-letters remove --topic pets/# --cause refused --json ${place} 1`, says: /"done":true/ },
  { line: `dead-letters remove --all ${place}`, says: /^0 removed\n$/ },
  { line: `dead-letters replay --all --topic pets/# --cause refused --json ${place}`, says: /^$/ },
  { line: "config", says: /^KEY +DEFAULT/ },
  { line: "config check broker.yaml", says: /^broker\.yaml: nothing is wrong\n$/ },
  { line: "config show --config broker.yaml", says: /^logLevel +warn +file$/m },
  { line: "contract check --view service --json {contract}", says: /"servable":true/ },
  { line: "contract types --view service {contract}", says: /^export type /m },
  { line: "contract docs --view service {contract}", says: /^# Topics of / },
  {
    line: `contract explain --contract {contract} --view service --as admin --role admin --claim orders=7 --client-id desk --qos 1 --retain --json ${place} subscribe orders/+/status`,
    says: /^\{/,
  },
  { line: "completion bash", says: /^complete -F/m },
  { line: "completion zsh", says: /^compdef/m },
  { line: "completion fish", says: /^complete -c/m },
  { line: "completion reply -- ver", says: /^version\n$/ },
  { line: "help", says: /^petstore-mqtt: an MQTT 5\.0/ },
  { line: "version", says: /^\d+\.\d+\.\d+\n$/ },
];
