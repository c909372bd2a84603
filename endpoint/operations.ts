import type { FastifyInstance } from 'fastify'
import { OPERATIONS, type Operations } from '../push/operations.ts'
import { refuseOtherMethods } from './app.ts'
import { documented } from './openapi.ts'
import { operationsDocument } from './route-documents.ts'

/** Adds the routes that an operator's tools ask. */
export function addOperations(app: FastifyInstance, operations: Operations): void {
  for (const path of OPERATIONS) {
    app.get(path, documented(operationsDocument(path)), async (_request, reply) => {
      const { status, type, text } = await operations.answer(path)
      reply.code(status).type(type)
      return text
    })
    refuseOtherMethods(app, path, ['GET', 'HEAD'])
  }
}
