import type { FastifyReply } from 'fastify'
import { FAILURES } from '../push/errors.ts'
import type { Body } from './body.ts'
import { type Refused, refuse } from './checked.ts'
import { leaveUnread } from './connections.ts'

/** A body that has come, though perhaps it was too large. */
export type ArrivedBody = Extract<Body, { readonly outcome: 'read' | 'tooLarge' }>

/** Whether a body has come as it should. */
export type Arrival =
  | { readonly arrived: true; readonly body: ArrivedBody }
  | { readonly arrived: false; readonly refused: Refused }

/** Sorts out bodies that have not come; what is left of one in the connection is given up with this answer. */
export function arrivalOf(body: Body, reply: FastifyReply): Arrival {
  switch (body.outcome) {
    case 'cutShort':
      return { arrived: false, refused: refuse('requestMalformed', 'The body was cut short') }
    case 'tooSlow':
      leaveUnread(reply)
      return { arrived: false, refused: refuse('requestTimeout', FAILURES.requestTimeout.message) }
    case 'noRoom':
      leaveUnread(reply)
      return {
        arrived: false,
        refused: refuse('unavailable', 'Too many messages at a time: try again later'),
      }
    case 'tooLarge':
      if (body.unread) leaveUnread(reply)
      return { arrived: true, body }
    case 'read':
      return { arrived: true, body }
  }
}
