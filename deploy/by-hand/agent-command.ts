import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { StartError, WrongUse } from '../start-error.ts'
import { Agent, type AgentDeps, type AgentWishes } from './agent.ts'
import type { AgentEvent } from './agent-event.ts'
import { type KeptAgent, readAgentFile, writeAgentFile } from './agent-file.ts'
import type { AgentRequest } from './agent-flags.ts'
import { agentJson } from './agent-json.ts'
import { agentText } from './agent-text.ts'
import { writeJsonFile } from './json-file.ts'

/**
 * Runs a user agent in the terminal, until what was wanted has come, or a signal.
 * @throws StartError
 */
export async function runAgent(request: AgentRequest): Promise<void> {
  const { wishes, waitSeconds } = request
  const kept = await readAgentFile(request.file, request.url)
  checkNames(request, kept)
  const agent = new Agent(kept, wishes, depsOf(request))
  let isLate = false
  const stop = () => agent.stop()
  const giveUp = () => {
    isLate = true
    stop()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // Whoever read has gone, as `head` does when it has enough.
  process.stdout.on('error', stop)
  const late = waitSeconds === undefined ? undefined : systemClock.after(waitSeconds * 1000, giveUp)
  try {
    await agent.run()
  } finally {
    late?.cancel()
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  if (isLate) throw new StartError(`${agent.shown} of ${wishes.count} messages came within ${waitSeconds} s`)
}

function depsOf({ file, subscriptionFile, showsFrames, isJson, wishes }: AgentRequest): AgentDeps {
  const random = createSystemRandom()
  const { stdout } = process
  const colours = stdout.isTTY && stdout.hasColors()
  return {
    clock: systemClock,
    random,
    save: (agent) => writeAgentFile(file, agent, random),
    async write(channel, subscription) {
      const isMeant = wishes.channels.length === 0 || wishes.channels.includes(channel)
      if (subscriptionFile === undefined || !isMeant) return undefined
      await writeJsonFile(subscriptionFile, subscription, random)
      return subscriptionFile
    },
    show(event: AgentEvent) {
      if (event.event === 'frame' && !showsFrames) return
      stdout.write(isJson ? agentJson(event) : agentText(event, { nowMs: systemClock.nowMs(), colours }))
    },
  }
}

/** What can only be said with the file at hand. */
function checkNames(
  {
    file,
    subscriptionFile,
    wishes,
  }: Pick<AgentRequest, 'file' | 'subscriptionFile'> & { wishes: AgentWishes },
  { channels }: KeptAgent,
): void {
  const unknown = wishes.unregister.find((name) => !channels.some((channel) => channel.name === name))
  if (unknown !== undefined) throw new WrongUse(`${file} has no subscription named ${unknown} to end`)
  if (subscriptionFile !== undefined && wishes.channels.length === 0 && channels.length > 1)
    throw new WrongUse(
      `--subscription is for one subscription, and ${file} has ${channels.length}: name one with --channel`,
    )
}
