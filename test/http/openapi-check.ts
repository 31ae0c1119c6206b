import { expect } from 'chai';
import * as z from 'zod';

type Json = { [key: string]: unknown };

/**
 * Checks answers against the OpenAPI document that the server itself gives out: status and media type must be listed for the
 * operation, and JSON must fit its schema.
 */
export class OpenApiCheck {
  readonly #document: Json;
  readonly #schemas = new Map<string, z.ZodType>();

  private constructor(document: Json) {
    this.#document = document;
  }

  static async of(url: string): Promise<OpenApiCheck> {
    return new OpenApiCheck((await (await fetch(`${url}/api/v1/openapi.json`)).json()) as Json);
  }

  /** @returns the parsed body, if it is JSON */
  async expectFits(operationId: string, answer: Response): Promise<unknown> {
    const operation = this.#operation(operationId);
    const responses = operation.responses as Record<string, { content?: Record<string, { schema: Json }> }>;
    const documented = responses[answer.status];
    expect(documented, `${operationId} documents status ${answer.status}`).not.to.equal(undefined);
    const mediaType = answer.headers.get('content-type');
    if (documented?.content === undefined || mediaType === null) return undefined;
    const media = documented.content[mediaType] ?? documented.content['*/*'];
    expect(media, `${operationId} ${answer.status} documents ${mediaType}`).not.to.equal(undefined);
    if (!/json$/.test(mediaType)) return undefined;
    const body = await answer.json();
    const result = this.#schemaOf(`${operationId} ${answer.status}`, media?.schema as Json).safeParse(body);
    expect(result.success ? [] : result.error.issues, `${operationId} ${answer.status} fits its schema`).to.deep.equal(
      [],
    );
    return body;
  }

  #operation(operationId: string): Json {
    for (const methods of Object.values(this.#document.paths as Record<string, Record<string, Json>>)) {
      for (const operation of Object.values(methods)) if (operation.operationId === operationId) return operation;
    }
    throw new Error(`the document has no operation ${operationId}`);
  }

  #schemaOf(key: string, schema: Json): z.ZodType {
    const made = this.#schemas.get(key);
    if (made !== undefined) return made;
    const { schemas } = this.#document.components as { schemas: Json };
    // The reader of JSON Schema knows references into $defs.
    const text = JSON.stringify({ ...schema, $defs: schemas }).replaceAll('#/components/schemas/', '#/$defs/');
    const parsed = z.fromJSONSchema(JSON.parse(text));
    this.#schemas.set(key, parsed);
    return parsed;
  }
}
