import { readAgentArguments } from './agent-flags.ts'
import { agentHelp, sendHelp } from './help.ts'
import { readSendArguments } from './send-flags.ts'

/**
 * Runs one of the commands that play a part of Web Push by hand. What does the work is loaded when it is known to be needed.
 * @throws StartError
 */
export async function runByHand(command: 'agent' | 'send', args: readonly string[]): Promise<void> {
  return command === 'agent' ? agentCommand(args) : sendCommand(args)
}

async function agentCommand(args: readonly string[]): Promise<void> {
  const request = readAgentArguments(args)
  if (request === 'help') return print(agentHelp())
  const { runAgent } = await import('./agent-command.ts')
  return runAgent(request)
}

async function sendCommand(args: readonly string[]): Promise<void> {
  const request = readSendArguments(args)
  if (request.kind === 'help') return print(sendHelp())
  // Whoever read has gone, as `head` does when it has enough: the exit code still says what came of it.
  process.stdout.on('error', () => {})
  const { send } = await import('./send-command.ts')
  return send(request, print)
}

function print(text: string): void {
  process.stdout.write(text)
}
