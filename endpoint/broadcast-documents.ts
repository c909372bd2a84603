import type { FastifySchema } from 'fastify'
import { VERSION_BYTES_MAX } from '../push/broadcast.ts'
import { ADMIN_SCHEME, failureResponses } from './route-documents.ts'

const TAGS = ['broadcasts']
const SECURITY = [{ [ADMIN_SCHEME]: [] }]
const PARAMS = {
  type: 'object',
  properties: { broadcaster: { type: 'string' }, channel: { type: 'string' } },
  required: ['broadcaster', 'channel'],
} as const

/** All broadcasts. */
export const LIST_BROADCASTS: FastifySchema = {
  operationId: 'listBroadcasts',
  summary: 'Lists all broadcasts with their versions',
  tags: TAGS,
  security: SECURITY,
  response: {
    200: {
      description: 'All of them',
      headers: { ETag: { type: 'string', description: 'For If-None-Match' } },
      content: { 'application/json': { schema: listSchema() } },
    },
    304: { description: 'They are as If-None-Match has them', type: 'null' },
    ...failureResponses(['adminTokenInvalid', 'storeDown']),
  },
}

/** Sets one. */
export const PUT_BROADCAST: FastifySchema = {
  operationId: 'putBroadcast',
  summary: 'Sets a broadcast, and tells all user agents that are subscribed to it',
  tags: TAGS,
  security: SECURITY,
  params: PARAMS,
  body: {
    content: {
      'text/plain': {
        schema: { type: 'string', description: `The version, at most ${VERSION_BYTES_MAX} bytes` },
      },
    },
  },
  response: {
    200: { description: 'It is durable', content: { 'application/json': { schema: codeSchema() } } },
    201: { description: 'It is new, and durable', content: { 'application/json': { schema: codeSchema() } } },
    ...failureResponses([
      'broadcastInvalid',
      'adminTokenInvalid',
      'broadcastsFull',
      'bodyTooLarge',
      'storeDown',
      'storeFull',
    ]),
  },
}

/** Drops one. */
export const DELETE_BROADCAST: FastifySchema = {
  operationId: 'deleteBroadcast',
  summary: 'Drops a broadcast; user agents keep the version they have',
  tags: TAGS,
  security: SECURITY,
  params: PARAMS,
  response: {
    204: { description: 'It is gone', type: 'null' },
    ...failureResponses(['broadcastInvalid', 'adminTokenInvalid', 'broadcastUnknown', 'storeDown']),
  },
}

function listSchema(): object {
  return {
    type: 'object',
    properties: {
      code: { type: 'integer', enum: [200] },
      broadcasts: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['code', 'broadcasts'],
  }
}

function codeSchema(): object {
  return { type: 'object', properties: { code: { type: 'integer', enum: [200, 201] } }, required: ['code'] }
}
