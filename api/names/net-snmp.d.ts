/** What Weir uses of net-snmp, which has no types of its own. */
declare module 'net-snmp' {
  export interface Varbind {
    oid: string
    type: number
    value: unknown
  }
  export interface Session {
    subtree(
      oid: string,
      maxRepetitions: number,
      onVarbinds: (varbinds: Varbind[]) => void,
      onEnd: (error: Error | null) => void,
    ): void
    close(): void
    on(event: 'error', listener: (error: Error) => void): void
  }
  export interface Options {
    port?: number
    version?: number
    retries?: number
    timeout?: number
    transport?: 'udp4' | 'udp6'
  }
  export interface User {
    name: string
    level: number
    authProtocol?: string
    authKey?: string
    privProtocol?: string
    privKey?: string
  }
  export const Version2c: number
  export const Version3: number
  export const SecurityLevel: { noAuthNoPriv: number; authNoPriv: number; authPriv: number }
  export const AuthProtocols: Record<string, string>
  export const PrivProtocols: Record<string, string>
  export function createSession(target: string, community: string, options: Options): Session
  export function createV3Session(target: string, user: User, options: Options): Session
  export function isVarbindError(varbind: Varbind): boolean
}
