// Foreign schemas, as their publishers wrote them: what is wrong with a file, one line each; none where it is valid.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { validate as validateCtrf } from 'ctrf';
import { validateXML } from 'xmllint-wasm';

const HERE = import.meta.dirname;

function schemaOf(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

function compile(schema: object): ValidateFunction {
  // Other people's schemas are written neither for Ajv's strictness nor for Unicode patterns; an unknown format is still an error.
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  return ajv.compile(schema);
}

function lines(errors: readonly ErrorObject[] | null | undefined): string[] {
  return (errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? error.keyword} ${JSON.stringify(error.params)}`);
}

/** Draft 4 calls its name `id`, the draft that Ajv reads `$id`; nothing else that this schema uses is different between them. */
function draft4({ $schema: _draft, id: _name, ...schema }: Record<string, unknown>): object {
  return schema;
}

const sarif = compile(draft4(schemaOf(join(HERE, 'sarif-2.1.0-rtm.5.json'))));
const report = compile(schemaOf(join(HERE, '../../docs/schemas/report.schema.json')));
const junit = readFileSync(join(HERE, 'junit-4.xsd'), 'utf8');

/** SARIF 2.1.0. */
export function sarifErrors(text: string): string[] {
  const log: unknown = JSON.parse(text);
  return [...(sarif(log) ? [] : lines(sarif.errors)), ...bareRegions(log)];
}

/** What errata 01 of the standard added to the schema: a region says where it begins. */
function bareRegions(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
    const bare = key === 'region' && !['startLine', 'charOffset', 'byteOffset'].some((name) => Object.hasOwn(part as object, name));
    return [...(bare ? [`a region without a beginning: ${JSON.stringify(part)}`] : []), ...bareRegions(part)];
  });
}

/** The Common Test Report Format, by the schema that its own package ships. */
export function ctrfErrors(text: string): string[] {
  return validateCtrf(JSON.parse(text)).errors.map(({ path, message }) => `${path} ${message}`);
}

/** JUnit XML as Jenkins reads it, and that it is well-formed XML. */
export async function junitErrors(xml: string): Promise<string[]> {
  const { errors } = await validateXML({ xml: [{ fileName: 'junit.xml', contents: xml }], schema: [junit] });
  return errors.map(({ rawMessage }) => rawMessage);
}

/** Our own report.json, by the schema in docs/. */
export function reportErrors(text: string): string[] {
  return report(JSON.parse(text)) ? [] : lines(report.errors);
}
