/** The whole packets of a capture, also of one that was left within a packet, as by a killed tcpdump. */
import { CutCapture, readCapture, type CapturedPacket } from './read.ts'

/**
 * As readCapture, but a capture whose end is cut off is read up to there, and `onCut` told so.
 * @throws NotACapture where the file is none, or holds no whole packet
 */
export async function* wholePackets(
  path: string,
  onCut: () => void,
): AsyncGenerator<CapturedPacket> {
  let packets = 0
  try {
    for await (const packet of readCapture(path)) {
      packets++
      yield packet
    }
  } catch (error) {
    if (!(error instanceof CutCapture) || packets === 0) throw error
    onCut()
  }
}
