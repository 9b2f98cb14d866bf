import { demoAccounts } from "../server/demo.ts";
import type { ListenerAddress } from "../server/options.ts";
import { urlHost } from "../server/urls.ts";
import { columns } from "./columns.ts";

/** Accounts and commands to try the demonstration with. `caFile` is undefined when the certificate is not our own. */
export function demoGuide(address: ListenerAddress, caFile: string | undefined): string {
  const as = (name: string): string => account(name, address, caFile);
  const sub = (name: string, topic: string): string => `  mosquitto_sub -V mqttv5 ${as(name)} -t '${topic}' -q 1 -v`;
  const pub = (name: string, topic: string, payload: string): string =>
    `  mosquitto_pub -V mqttv5 ${as(name)} -t ${topic} -q 1 -m '${payload}'`;
  return `Demonstration accounts; their passwords are no secret:

${accountTable()}
Try it in other terminals. Follow orders as a customer, with the Mosquitto clients or with MQTT.js:

${sub("alice", "orders/+/status")}
  ${mqttJs("alice", "orders/+/status", address, caFile)}

Ship one as the shop:

${pub("service", "orders/42/status", '{"orderId":"42","status":"SHIPPED"}')}

Send a reading as a collar, read it as staff, look at the broker as admin:

${sub("staff", "pets/+/health")}
${pub("collar-0042", "pets/7/health", '{"heartRate":92,"temperature":38.6}')}
${sub("admin", "$SYS/#")}
`;
}

/** Where the demonstration's page is. */
export function demoPageGuide({ protocol, host, port }: ListenerAddress): string {
  const [scheme, trust] =
    protocol === "wss" ? ["https", ", which warns until it trusts the certificate"] : ["http", ""];
  return `Or in a browser${trust}:

  ${scheme}://${urlHost(host)}:${port}/
`;
}

function accountTable(): string {
  const rows = demoAccounts.map(({ name, password, role, may }) => [name, password, role, may]);
  return columns([["USER", "PASSWORD", "ROLE", "MAY"], ...rows]);
}

function account(name: string, address: ListenerAddress, caFile: string | undefined): string {
  const trust = caFile === undefined ? "--tls-use-os-certs" : `--cafile ${shellWord(caFile)}`;
  const tls = address.protocol === "mqtts" ? `${trust} ` : "";
  return `-h ${clientHost(address)} -p ${address.port} ${tls}-u ${name} -P ${passwordOf(name)}`;
}

/** The command that MQTT.js brings along; in the project's directory it is installed. */
function mqttJs(name: string, topic: string, address: ListenerAddress, caFile: string | undefined): string {
  const tls = address.protocol === "mqtts" && caFile !== undefined ? ` --ca ${shellWord(caFile)}` : "";
  const where = `-h ${clientHost(address)} -p ${address.port} -l ${address.protocol}${tls}`;
  return `npx mqtt sub ${where} -u ${name} -P ${passwordOf(name)} -t '${topic}' -q 1 -v`;
}

function passwordOf(name: string): string {
  return demoAccounts.find((each) => each.name === name)!.password;
}

function clientHost({ host }: ListenerAddress): string {
  return urlHost(host).replace(/^\[|\]$/g, "");
}

/** One word for a POSIX shell. */
function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
