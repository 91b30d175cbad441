using Bob.Actors.Calls;
using Bob.Actors.Recording;

namespace Bob.Tests.Recording;

/// <summary>A disk that is full when it holds so much, as the operating system says it: an error number, at whatever call meets it.</summary>
internal sealed class SmallDisk(IRecordings inner, long bytes) : IRecordings
{
    private const int NoSpace = 28;

    public int Files { get; private set; }

    public static IOException Full => new("No space left on device", NoSpace);

    public IRecordingFile Create(CallSid callSid)
    {
        Files++;
        return bytes == 0 ? throw Full : new SmallFile(inner.Create(callSid), bytes);
    }

    private sealed class SmallFile(IRecordingFile inner, long bytes) : IRecordingFile
    {
        public string Name => inner.Name;

        public void Write(long position, ReadOnlySpan<byte> interleaved)
        {
            if ((position * StereoWav.FrameBytes) + interleaved.Length > bytes)
            {
                // A write that meets the end of the disk has written a part.
                var fits = (int)Math.Max(0, bytes - (position * StereoWav.FrameBytes));
                inner.Write(position, interleaved[..fits]);
                throw Full;
            }

            inner.Write(position, interleaved);
        }

        public string Finish(long samples) => inner.Finish(samples);

        public void Dispose() => inner.Dispose();
    }
}
