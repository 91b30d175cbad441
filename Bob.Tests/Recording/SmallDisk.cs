using Bob.Actors.Calls;
using Bob.Actors.Recording;

namespace Bob.Tests.Recording;

/// <summary>A disk that is full, or broken, when it holds so much, as the operating system says it: an error number, at whatever call meets it.</summary>
internal sealed class SmallDisk(IRecordings inner, long bytes, int error = SmallDisk.NoSpace) : IRecordings
{
    public const int InputOutput = 5, NoSpace = 28, ReadOnly = 30;

    public int Files { get; private set; }

    public static IOException Full => Refusal(NoSpace);

    public IRecordingFile Create(CallSid callSid)
    {
        Files++;
        return bytes == 0 ? throw Refusal(error) : new SmallFile(inner.Create(callSid), bytes, error);
    }

    public IRecordingFile? Reopen(string name) => inner.Reopen(name) is { } file ? new SmallFile(file, bytes, error) : null;

    private static IOException Refusal(int error) => new($"Error {error}", error);

    private sealed class SmallFile(IRecordingFile inner, long bytes, int error) : IRecordingFile
    {
        public string Name => inner.Name;

        public long Samples => inner.Samples;

        public void Write(long position, ReadOnlySpan<byte> interleaved)
        {
            if ((position * StereoWav.FrameBytes) + interleaved.Length > bytes)
            {
                // A write that meets the end of the disk has written a part.
                var fits = (int)Math.Max(0, bytes - (position * StereoWav.FrameBytes));
                inner.Write(position, interleaved[..fits]);
                throw Refusal(error);
            }

            inner.Write(position, interleaved);
        }

        public string Finish(long samples) => inner.Finish(samples);

        public void Dispose() => inner.Dispose();
    }
}
