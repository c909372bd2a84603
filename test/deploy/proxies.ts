import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Certificate } from '../../push/certificate.ts'
import { CADDY } from '../support/caddy-program.ts'
import { DEPLOY } from '../support/deploy-folder.ts'
import { HAPROXY } from '../support/haproxy-program.ts'
import { NGINX } from '../support/nginx-program.ts'
import type { Program } from '../support/programs.ts'
import type { ServerCommand } from '../support/server-process.ts'

/** What a proxy is told of a cluster on this machine. */
export interface Behind {
  /** Where it is to listen. */
  readonly port: number
  /** Ports on loopback that it may use beside that one. */
  readonly spare: readonly [number, number]
  /** `host:port` */
  readonly nodes: readonly [string, string]
  readonly endpoints: readonly [string, string]
  readonly certificate: Certificate
}

/** A recipe as an operator has adapted it: how to check it, and how to run it. */
export interface Adapted extends Pick<ServerCommand, 'args' | 'env'> {
  readonly check: readonly string[]
}

/** A recipe in deploy/proxy. */
export interface Recipe {
  readonly program: Program
  /** Writes what it needs into a folder. */
  adapt(folder: string, behind: Behind): Promise<Adapted>
}

/** The recipes, by what people call the proxy. */
export const RECIPES: Readonly<Record<'HAProxy' | 'nginx' | 'Caddy', Recipe>> = {
  HAProxy: { program: HAPROXY, adapt: haproxy },
  nginx: { program: NGINX, adapt: nginx },
  Caddy: { program: CADDY, adapt: caddy },
}

const BIND = '  bind "$PUSHGRID_PROXY_BIND"\n'

async function haproxy(folder: string, { port, nodes, endpoints, certificate }: Behind): Promise<Adapted> {
  const pem = path.join(folder, 'push.pem')
  await writeFile(pem, certificate.certificate + certificate.key)
  const file = await adapted(folder, 'haproxy.cfg', [
    [BIND, ''],
    ['# bind :443', `bind 127.0.0.1:${port}`],
    ['/etc/haproxy/push.pem', pem],
  ])
  const env = {
    ...process.env,
    PUSHGRID_NODE_1: nodes[0],
    PUSHGRID_NODE_2: nodes[1],
    PUSHGRID_ENDPOINT_1: endpoints[0],
    PUSHGRID_ENDPOINT_2: endpoints[1],
  }
  return { check: ['-c', '-f', file], args: ['-db', '-f', file], env }
}

async function nginx(folder: string, { port, nodes, endpoints, certificate }: Behind): Promise<Adapted> {
  const [certFile, keyFile] = await written(folder, certificate)
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const paths = scratch.map((name) => `  ${name}_temp_path ${path.join(folder, name)};\n`).join('')
  const file = await adapted(folder, 'nginx.conf', [
    ['listen 443', `listen 127.0.0.1:${port}`],
    ['/etc/letsencrypt/live/push.example.org/fullchain.pem', certFile],
    ['/etc/letsencrypt/live/push.example.org/privkey.pem', keyFile],
    ['127.0.0.1:8080', nodes[0]],
    ['127.0.0.1:8081', nodes[1]],
    ['127.0.0.1:8082', endpoints[0]],
    ['127.0.0.1:8083', endpoints[1]],
    // What is only so because this is no machine of its own.
    ['/run/nginx.pid', path.join(folder, 'pid')],
    ['/var/log/nginx/error.log', 'stderr'],
    ['/var/log/nginx/access.log', path.join(folder, 'access.log')],
    ['http {\n', `http {\n${paths}`],
    ['worker_processes auto', 'worker_processes 1'],
    ['worker_connections 100000', 'worker_connections 1000'],
    ['worker_rlimit_nofile 200000', 'worker_rlimit_nofile 4000'],
  ])
  const common = ['-e', 'stderr', '-c', file]
  return { check: ['-t', ...common], args: [...common, '-g', 'daemon off;'], env: process.env }
}

async function caddy(
  folder: string,
  { port, spare, nodes, endpoints, certificate }: Behind,
): Promise<Adapted> {
  const env = {
    ...process.env,
    CADDY_ADMIN: `127.0.0.1:${spare[0]}`,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    PUSHGRID_PROXY_HTTP_PORT: `${spare[1]}`,
    PUSHGRID_PROXY_SITE: `https://localhost:${port}, https://127.0.0.1:${port}`,
    PUSHGRID_PROXY_TLS: (await written(folder, certificate)).join(' '),
    PUSHGRID_PROXY_NODES: nodes.join(' '),
    PUSHGRID_PROXY_ENDPOINTS: endpoints.join(' '),
  }
  const common = ['--adapter', 'caddyfile', '--config', path.join(DEPLOY, 'proxy/Caddyfile')]
  return { check: ['validate', ...common], args: ['run', ...common], env }
}

/** Replaces what an operator would; what is not there any more is an error. */
async function adapted(
  folder: string,
  name: string,
  changes: readonly (readonly [string, string])[],
): Promise<string> {
  let text = await readFile(path.join(DEPLOY, 'proxy', name), 'utf8')
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name} has no ${JSON.stringify(from)}`)
    text = text.replaceAll(from, to)
  }
  const file = path.join(folder, name)
  await writeFile(file, text)
  return file
}

async function written(folder: string, { certificate, key }: Certificate): Promise<[string, string]> {
  const [certFile, keyFile] = [path.join(folder, 'certificate.pem'), path.join(folder, 'key.pem')]
  await writeFile(certFile, certificate)
  await writeFile(keyFile, key)
  return [certFile, keyFile]
}
