// node bare-node.mjs [CERT KEY]: sockets of Node that answer a CONNECT with a CONNACK, and nothing else.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const [cert, key] = process.argv.slice(2);
const connack = { 4: Buffer.of(0x20, 2, 0, 0), 5: Buffer.of(0x20, 3, 0, 0, 0) };
/** Fixed header, then the Protocol Name with its length; a CONNECT with short names has one byte of Remaining Length. */
const versionAt = 8;

const handle = (socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => socket.write(connack[chunk[versionAt]] ?? connack[4]));
};
const server =
  cert === undefined
    ? createServer({ noDelay: true }, handle)
    : createTlsServer(
        { noDelay: true, cert: readFileSync(cert), key: readFileSync(key), minVersion: "TLSv1.3" },
        handle,
      );
server.listen(0, "127.0.0.1", () => {
  console.log(`ready ${cert === undefined ? "mqtt" : "mqtts"}://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));
