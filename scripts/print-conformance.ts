// Prints docs/conformance.md anew: npm run conformance
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { conformanceReport } from "./conformance/report.ts";

const root = join(import.meta.dirname, "..");
writeFileSync(join(root, "docs", "conformance.md"), conformanceReport(root));
