import { extendZodWithOpenApi, OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import type { ApiRoute } from './routes.js'
import type { WebParts } from './web-parts.js'

extendZodWithOpenApi(z)

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    path: z.string().optional(),
    message: z.string(),
    requestId: z.string(),
    details: z.array(
      z.object({ code: z.string(), path: z.string().optional(), message: z.string(), level: z.literal('warning').optional() }),
    ),
  }),
})

const documents = new WeakMap<WebParts, object>()

/** OpenAPI 3.1 of all routes, made from the very schemas that parse the calls. */
export function openApiDocument(parts: WebParts): object {
  const known = documents.get(parts)
  if (known !== undefined) return known
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer', description: 'API key: khatm_…' })
  for (const record of parts.records) for (const route of record.api) registerRoute(registry, route)
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Khatm',
      version: '1',
      description:
        'Money and quantities are decimal strings. Errors carry a code, a path and a message in the language of Accept-Language.',
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
  })
  documents.set(parts, document)
  return document
}

function registerRoute(registry: OpenAPIRegistry, route: ApiRoute): void {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '')
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])))
  const isJson = !('mediaType' in route.response)
  const json = route.response
  const ok =
    isJson && json instanceof z.ZodType ? { 'application/json': { schema: json } } : { [mediaTypeOf(route)]: { schema: z.string() } }
  const failure = { description: 'Error', content: { 'application/json': { schema: errorSchema } } }
  registry.registerPath({
    method: route.method,
    path: `/api/v1${route.path.replace(/:(\w+)/g, '{$1}')}`,
    summary: route.summary,
    tags: [route.tag],
    request: {
      ...(names.length > 0 ? { params } : {}),
      ...(route.query instanceof z.ZodObject ? { query: route.query } : {}),
      ...(route.body === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
      ...(route.idempotent === true
        ? {
            headers: z.object({
              'Idempotency-Key': z.string().max(255).optional().describe('Same key and body: same answer, one effect.'),
            }),
          }
        : {}),
    },
    responses: {
      [String(route.status ?? 200)]: { description: 'OK', content: ok },
      400: failure,
      401: failure,
      403: failure,
      404: failure,
      422: failure,
    },
  })
}

function mediaTypeOf(route: ApiRoute): string {
  return 'mediaType' in route.response ? route.response.mediaType : 'application/json'
}
