// The page of `petstore-mqtt serve --demo`: MQTT.js in a browser, on the WebSocket of the door that this came from.
import mqtt from "/mqtt.js";

const linesMax = 200;

const element = (id) => document.getElementById(id);
const { path, accounts } = await (await fetch("/demo.json")).json();
let client;

for (const { name } of accounts) element("account").add(new Option(name));
element("account").value = "alice";
element("account").addEventListener("change", showRights);
showRights();

onSubmit("connect", () => {
  client?.end(true);
  const { name, password } = chosenAccount();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  client = mqtt.connect(`${scheme}://${location.host}${path}`, {
    protocolVersion: 5,
    username: name,
    password,
    reconnectPeriod: 2_000,
    // The other kind needs a worker made of text, which the page's policy forbids.
    timerVariant: "native",
  });
  const mine = client;
  say(`connecting as ${name}`);
  client.on("connect", () => showState(`connected as ${name}`));
  client.on("close", () => {
    if (client === mine) showState("not connected");
  });
  client.on("error", (error) => say(error.message, "refused"));
  client.on("disconnect", ({ reasonCode }) => say(`the broker says goodbye: ${hexadecimal(reasonCode)}`, "refused"));
  client.on("message", (topic, payload, { qos, retain }) => {
    say(`← ${topic}  ${payload}  (QoS ${qos}${retain ? ", retained" : ""})`);
  });
});

onSubmit("subscribe", async () => {
  const filter = element("filter").value;
  const [granted] = await connected().subscribeAsync(filter, { qos: Number(element("subscribe-qos").value) });
  say(`subscribed to ${filter} at QoS ${granted.qos}`);
});

onSubmit("publish", async () => {
  const topic = element("topic").value;
  const payload = element("payload").value;
  const qos = Number(element("publish-qos").value);
  await connected().publishAsync(topic, payload, { qos, retain: element("retain").checked });
  say(`→ ${topic}  ${payload}  (QoS ${qos})`);
});

/** Runs `act` in place of the browser's own sending of the form, and shows what is refused. */
function onSubmit(form, act) {
  element(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await act();
    } catch (error) {
      const code = typeof error.code === "number" ? ` (${hexadecimal(error.code)})` : "";
      say(`${error.message}${code}`, "refused");
    }
  });
}

function chosenAccount() {
  return accounts.find(({ name }) => name === element("account").value);
}

function showRights() {
  element("may").textContent = `It may ${chosenAccount().may}.`;
}

function connected() {
  if (client?.connected) return client;
  throw new Error("Connect first");
}

function showState(text) {
  element("state").value = text;
  say(text);
}

function say(text, kind = "") {
  const line = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  line.className = kind;
  line.append(time, ` ${text}`);
  element("log").prepend(line);
  while (element("log").childElementCount > linesMax) element("log").lastElementChild.remove();
}

function hexadecimal(code) {
  return `0x${code.toString(16).toUpperCase().padStart(2, "0")}`;
}
