import { runAgent } from './agent-command.ts'
import { readAgentArguments } from './agent-flags.ts'
import { agentHelp, sendHelp } from './help.ts'
import { send } from './send-command.ts'
import { readSendArguments } from './send-flags.ts'

/** Runs one of the commands that play a part of Web Push by hand. @throws StartError */
export async function runByHand(command: 'agent' | 'send', args: readonly string[]): Promise<void> {
  const print = (text: string) => {
    process.stdout.write(text)
  }
  if (command === 'agent') {
    const request = readAgentArguments(args)
    return request === 'help' ? print(agentHelp()) : runAgent(request)
  }
  // Whoever read has gone, as `head` does when it has enough: the exit code still says what came of it.
  process.stdout.on('error', () => {})
  const request = readSendArguments(args)
  return request.kind === 'help' ? print(sendHelp()) : send(request, print)
}
