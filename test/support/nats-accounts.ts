import { nkeys } from '@nats-io/transport-node'

/** A server's configuration that demands JWTs, and the credentials file of one user it lets in. */
export interface NatsAccounts {
  readonly config: string
  readonly creds: string
}

/** Makes an operator, an account and a user, as `nsc` would, with fresh keys. */
export function natsAccounts(): NatsAccounts {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const unlimited = { subs: -1, data: -1, payload: -1 }
  const operatorJwt = jwt(operator, operator.getPublicKey(), { type: 'operator' })
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  const accountJwt = jwt(operator, account.getPublicKey(), { type: 'account', limits })
  const userJwt = jwt(account, user.getPublicKey(), { type: 'user', ...unlimited })
  const seed = Buffer.from(user.getSeed()).toString()
  return {
    config: `operator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload { ${account.getPublicKey()}: ${accountJwt} }`,
    creds: `${armored('NATS USER JWT', userJwt)}\n${armored('USER NKEY SEED', seed)}`,
  }
}

function jwt(issuer: ReturnType<typeof nkeys.createUser>, sub: string, nats: object): string {
  const header = { typ: 'JWT', alg: 'ed25519-nkey' }
  const claims = {
    jti: sub,
    iat: 1,
    iss: issuer.getPublicKey(),
    name: 'test',
    sub,
    nats: { ...nats, version: 2 },
  }
  const signed = `${encoded(header)}.${encoded(claims)}`
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function armored(label: string, text: string): string {
  return `-----BEGIN ${label}-----\n${text}\n------END ${label}------\n`
}
