// Every public name of nestjs-jwks-auth/doctor, in reading order.
export { diagnose } from './diagnose.js';
export type { DiagnoseOptions } from './diagnose.options.js';
export { FINDING_CODES, type Finding, type FindingCode, type FindingLevel } from './finding.js';
