import { dateMs } from '../../cluster/clock.ts'
import type { CertificateKeeper } from '../certificate-keeper.ts'
import type { Metrics } from './metrics.ts'

/** Adds what an operator has to know of the certificate. */
export function addCertificateMetrics(
  metrics: Metrics,
  keeper: { readonly current: Pick<CertificateKeeper['current'], 'validTo'> },
): void {
  metrics.gauge(
    'pushgrid_certificate_expiry_timestamp_seconds',
    'Until when the certificate is valid, in Unix time',
    () => dateMs(keeper.current.validTo) / 1000,
    'min',
  )
}
