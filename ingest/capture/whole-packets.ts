/** The complete packets of a capture, even if it was truncated, for example by a killed tcpdump. */
import { CutCapture, readCapture, type CapturedPacket } from './read.ts'

/**
 * Like readCapture, but a truncated capture is read up to there, and `onCut` called.
 * @throws NotACapture if the file is not one, or has no complete packet
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
