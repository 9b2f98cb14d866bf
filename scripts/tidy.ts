// Checks of the code that no other tool makes: `npm run tidy`. Exit code 1 when something was found.
import { join } from "node:path";
import { tidy } from "./tidy/tidy-tree.ts";

const findings = tidy(join(import.meta.dirname, ".."));
for (const { file, line, message } of findings) console.error(`${file}:${line}: ${message}`);
process.exitCode = findings.length === 0 ? 0 : 1;
