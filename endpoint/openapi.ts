import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema, RouteShorthandOptions } from 'fastify'
import { refuseOtherMethods } from './app.ts'
import { ADMIN_SCHEME, VAPID_SCHEME } from './route-documents.ts'

/** Where the document is served. */
export const OPENAPI_PATH = '/openapi.json'

/**
 * Describes a route for the OpenAPI document. It is for readers only: what it says is checked by the code behind the route, in the
 * answers that application servers know, and not by Fastify, which would have its own; so it costs a request nothing.
 */
export function documented(schema: FastifySchema): Pick<RouteShorthandOptions, 'config'> {
  return { config: { swaggerTransform: ({ url }) => ({ schema, url }) } }
}

/**
 * Generates the OpenAPI document of all routes that are added from here on and are `documented`, and serves it.
 * @param serverUrl origin of the endpoints
 */
export async function serveOpenApi(app: FastifyInstance, version: string, serverUrl: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Pushgrid',
        version,
        description:
          'Generic Event Delivery Using HTTP Push (RFC 8030) for application servers, and what operators ask',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: serverUrl }],
      components: { securitySchemes: { [VAPID_SCHEME]: VAPID, [ADMIN_SCHEME]: ADMIN } },
    },
    transform: ({ url }) => ({ schema: { hide: true }, url }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      // The plugin takes every body for a required one; a message may have none.
      for (const path of Object.values(document.openapiObject.paths ?? {})) {
        const body = path?.post?.requestBody
        if (body !== undefined && 'required' in body) body.required = false
      }
      return document.openapiObject
    },
  })
  app.get(OPENAPI_PATH, (_request, reply) =>
    reply.type('application/json').send(JSON.stringify(app.swagger())),
  )
  refuseOtherMethods(app, OPENAPI_PATH, ['GET', 'HEAD'])
}

const ADMIN = {
  type: 'http',
  scheme: 'bearer',
  description: 'The admin token of the service',
} as const

const VAPID = {
  type: 'apiKey',
  in: 'header',
  name: 'Authorization',
  description:
    'vapid t=<token>,k=<public key> (RFC 8292), with the origin of the endpoint as audience; also the older WebPush scheme',
} as const
