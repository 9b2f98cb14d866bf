// aedes as a broker to compare with: one plain listener on a free port of 127.0.0.1, Nagle's delay off.
import { createServer } from "node:net";
import { Aedes } from "aedes";

const broker = await Aedes.createBroker();
const server = createServer({ noDelay: true }, (socket) => {
  broker.handle(socket);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`ready mqtt://127.0.0.1:${address.port}`);
});
process.on("SIGTERM", () => process.exit(0));
