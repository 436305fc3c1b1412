import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Probes of the tests' own, since those that ship change with the devices that they read. */
const probes = {
  'own-ports': `probe: own-ports
title: ports
collector: snmp
proof: register-map
points:
  - metric: interface_state
    column: 1.3.6.1.2.1.2.2.1.8
    labels: &interface { interface: { column: 1.3.6.1.2.1.2.2.1.2 } }
    only: { column: 1.3.6.1.2.1.2.2.1.7, is: [1] }
    states: { 1: up, 2: down }
  - { metric: interface_admin_state, column: 1.3.6.1.2.1.2.2.1.7, labels: *interface, states: { 1: up, 2: down } }
  - { metric: interface_receive_bytes_total, column: [1.3.6.1.2.1.31.1.1.1.6, 1.3.6.1.2.1.2.2.1.10], labels: *interface }
  - { metric: interface_receive_errors_total, column: 1.3.6.1.2.1.2.2.1.14, labels: *interface }
`,
  'own-ups': `probe: own-ups
title: UPS
collector: snmp
proof: register-map
points:
  - { metric: ups_output_load_ratio, column: 1.3.6.1.2.1.33.1.4.4.1.5, scale: 0.01, labels: { phase: index }, unavailable: [-1] }
rules:
  - { alarm: UpsLoad, when: ups_output_load_ratio, above: 80% }
`,
  'own-host': `probe: own-host
title: host
collector: ssh
proof: register-map
ssh:
  commands:
    uptime: { run: cat /proc/uptime, parse: { table: { columns: [up, idle] } } }
    load: { run: cat /proc/loadavg, parse: { table: { columns: [one, five, fifteen, rest] } } }
    memory: { run: cat /proc/meminfo, parse: { key_value: { separator: ':' } } }
    disks: { run: df -P, parse: { table: { columns: [source, percent, mount] } } }
points:
  - { metric: device_uptime_seconds, command: uptime, value: up }
  - { metric: server_load_average, command: load, value: one, labels: { period: { text: 1m } } }
  - { metric: device_memory_size_bytes, command: memory, value: MemTotal, scale: 1024 }
  - { metric: server_memory_available_bytes, command: memory, value: MemAvailable, scale: 1024 }
  - { metric: file_system_used_ratio, command: disks, value: percent, scale: 0.01, labels: { mount: mount } }
`,
  'own-units': `probe: own-units
title: two units
collector: modbus
proof: register-map
points:
  - { metric: room_temperature_celsius, register: 0, type: int16, scale: 0.1, labels: { sensor: a } }
  - { metric: room_temperature_celsius, register: 0, type: int16, scale: 0.1, unit: 9, labels: { sensor: b } }
  - { metric: room_humidity_ratio, register: 77, scale: 0.001 }
  - { metric: device_info, register: 10, type: string, length: 4, labels: { vendor: x } }
`,
} as const

const folder = mkdtempSync(join(tmpdir(), 'siteward-own-probes-'))

type OwnProbe = keyof typeof probes

/** The file of one of them. */
export function ownProbe(name: OwnProbe): string {
  const own = ownFolder(name)
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, `${name}.yaml`), probes[name])
  return join(own, `${name}.yaml`)
}

/** The folders for a site that uses these probes, each with one of them alone. */
export function ownFolders(used: string): readonly string[] {
  return Object.keys(probes)
    .filter((name): name is OwnProbe => used.includes(name))
    .map((name) => {
      ownProbe(name)
      return ownFolder(name)
    })
}

function ownFolder(name: OwnProbe): string {
  return join(folder, name)
}
