/** The part used here of a package that comes without types. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on an open file unless another opening of it has one. It is freed with the descriptor. */
  export function tryLock(fileDescriptor: number): boolean
}
