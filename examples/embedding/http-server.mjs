// MQTT over WebSocket beside the pages of an HTTP server that is already there.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import mqtt from "mqtt";
import { createServer } from "petstore-mqtt";

const http = createHttpServer((_, response) => response.end("hello over HTTP"));
http.listen(0, "localhost");
await once(http, "listening");
const { port } = http.address();

const server = await createServer({ listeners: [] });
server.attach(http, { path: "/mqtt" });
await server.publish({ topicName: "greeting", payload: "hello over MQTT", retain: true });

console.log(await (await fetch(`http://localhost:${port}/`)).text());

const client = mqtt.connect(`ws://localhost:${port}/mqtt`);
client.subscribe("greeting");
const [, payload] = await once(client, "message");
console.log(payload.toString());

await client.endAsync();
await server.close();
http.close();
http.closeAllConnections();
