// node aedes.mjs DIRECTORY [CERT KEY]: the aedes of that directory as a broker to compare with, one listener on a free port
// of 127.0.0.1, Nagle's delay off.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { pathToFileURL } from "node:url";

const [directory, cert, key] = process.argv.slice(2);
const { Aedes } = await import(pathToFileURL(createRequire(join(directory, "package.json")).resolve("aedes")).href);

const broker = await Aedes.createBroker();
const handle = (socket) => {
  broker.handle(socket);
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
