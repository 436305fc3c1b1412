import { basename, dirname } from 'node:path'
import type { Device } from './device.ts'
import type { Text } from './metric.ts'

/** Classes that siteward has words for; others are what the site file calls them. */
export const classTexts: Readonly<Record<string, Text>> = {
  room: { en: 'Machine room', zh: '机房环境' },
  cooling: { en: 'Air conditioning', zh: '机房空调' },
  power: { en: 'Power and UPS', zh: '供配电与 UPS' },
  network: { en: 'Network', zh: '网络设备' },
  server: { en: 'Servers', zh: '服务器' },
  storage: { en: 'Storage', zh: '存储系统' },
  virtualization: { en: 'Virtualization', zh: '虚拟化平台' },
  database: { en: 'Databases', zh: '数据库' },
  application: { en: 'Middleware', zh: '中间件' },
  backup: { en: 'Backup', zh: '备份系统' },
  firewall: { en: 'Firewalls', zh: '防火墙' },
  ids: { en: 'Intrusion detection', zh: '入侵检测' },
  camera: { en: 'Cameras', zh: '视频监控' },
  telephone: { en: 'Telephones', zh: '电话系统' },
  web: { en: 'Web sites', zh: '网站' },
  reach: { en: 'Reachability', zh: '连通性' },
  hand: { en: 'Read by hand', zh: '人工读数' },
}

/** Under which class a device stands: its label `class`, else the kind of its last probe, the most special one. */
export function classOf({ labels, probes }: Device): string {
  const { class: own } = labels
  if (own !== undefined) return own
  const kinds = probes.map(({ probe }) => basename(dirname(probe.place.file)))
  return kinds.findLast((kind) => kind !== 'reach') ?? kinds[0] ?? 'hand'
}

/**
 * Every name by which a device is asked for: its class, that of the ledger, the kinds of its probes, and `ups` for what
 * reads a UPS.
 */
export function classesOf(device: Device): ReadonlySet<string> {
  const { probes, asset } = device
  const kinds = probes.map(({ probe }) => basename(dirname(probe.place.file)))
  const isUps = probes.some(({ probe }) => probe.points.some(({ metric }) => metric.name.startsWith('ups_')))
  const middleware = kinds.includes('application') ? ['middleware'] : []
  const own = [classOf(device), ...kinds.filter((kind) => kind !== 'reach'), ...middleware, ...(isUps ? ['ups'] : [])]
  const said = [asset?.fields.class, ...own.map((name) => classTexts[name]?.zh)].filter((name) => name !== undefined)
  return new Set([...own, ...said].map((name) => name.toLowerCase()))
}
