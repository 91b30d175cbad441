using Bob.Actors.Calls;
using Microsoft.Win32.SafeHandles;

namespace Bob.Actors.Recording;

/// <summary>Where recordings go; a spec hands in a disk of its own.</summary>
public interface IRecordings
{
    /// <summary>Begins the file of a call.</summary>
    /// <exception cref="IOException">There is no room, or no such place.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    IRecordingFile Create(CallSid callSid);

    /// <summary>Goes on with a file that was finished, or mended. Throws what <see cref="Create"/> does.</summary>
    /// <param name="name">As it was given by <see cref="IRecordingFile.Name"/>.</param>
    /// <returns>Null: there is no such file here, or somebody else writes it.</returns>
    IRecordingFile? Reopen(string name);
}

/// <summary>A recording that is being written. Throws what <see cref="IRecordings.Create"/> does.</summary>
public interface IRecordingFile : IDisposable
{
    /// <summary>The name that the file has when it is finished.</summary>
    string Name { get; }

    /// <summary>Samples a side that were there when it was opened.</summary>
    long Samples { get; }

    /// <summary>Writes interleaved samples, at their place: <paramref name="position"/> is in samples a side, and never beyond the end.</summary>
    void Write(long position, ReadOnlySpan<byte> interleaved);

    /// <summary>Makes it a whole file of so many samples a side.</summary>
    /// <returns>Its path.</returns>
    string Finish(long samples);
}

/// <summary>A recording whose process died, made playable again.</summary>
public sealed record MendedRecording(CallSid CallSid, string File, TimeSpan Duration);

/// <summary>
/// The folder of the recordings. A file is named after its call, which no caller can choose, and readable by its owner alone. While it is written it ends
/// in <c>.part</c>, and is locked, so that another process that starts meanwhile does not take it for left behind.
/// </summary>
public sealed class Recordings(string folder) : IRecordings
{
    private const string Unfinished = ".part", Finished = ".wav";

    private const int LongestName = 64;

    private const int LockedOnLinux = 11, LockedOnBsd = 35, LockedOnWindows = unchecked((int)0x80070020);

    public IRecordingFile Create(CallSid callSid)
    {
        EnsureFolder(folder);
        var name = callSid.Value is { Length: > 0 and <= LongestName } sid && sid.All(char.IsAsciiLetterOrDigit) ? sid : $"call-{Guid.NewGuid():N}";
        for (var number = 1; ; number++)
        {
            // A call may have more than one: it went on where the first is not to be had.
            var path = Path.Combine(folder, number == 1 ? name : $"{name}-{number}");
            if (!File.Exists(path + Unfinished) && !File.Exists(path + Finished))
                return new RecordingFile(path + Unfinished, path + Finished);
        }
    }

    public IRecordingFile? Reopen(string name)
    {
        if (Path.GetFileName(name) != name || Path.GetExtension(name) != Finished)
            return null;
        var finished = Path.Combine(folder, name);
        var unfinished = Path.ChangeExtension(finished, Unfinished);
        try
        {
            if (File.Exists(finished))
                File.Move(finished, unfinished, overwrite: false);
            return new RecordingFile(unfinished, finished, FileMode.Open);
        }
        catch (IOException gone) when (gone is FileNotFoundException or DirectoryNotFoundException || gone.HResult is LockedOnLinux or LockedOnBsd or LockedOnWindows)
        {
            return null;
        }
    }

    /// <summary>Makes playable what a process left behind that died: the lengths in its header, and a tail that is torn.</summary>
    /// <param name="failed">Told of files that could not be mended; they stay as they are.</param>
    public IReadOnlyList<MendedRecording> Mend(Action<string, Exception> failed)
    {
        if (!Directory.Exists(folder))
            return [];
        var mended = new List<MendedRecording>();
        foreach (var path in Directory.EnumerateFiles(folder, $"*{Unfinished}", new EnumerationOptions()))
        {
            try
            {
                if (Mend(path) is { } recording)
                    mended.Add(recording);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                failed(path, failure);
            }
        }

        return mended;
    }

    /// <summary>The folder, for its owner alone.</summary>
    public static void EnsureFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static MendedRecording? Mend(string path)
    {
        var finished = Path.ChangeExtension(path, Finished);
        long samples;
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            if (!StereoWav.Begins(file))
                return null; // somebody else's
            samples = StereoWav.Samples(RandomAccess.GetLength(file));
            if (samples > 0)
                Complete(file, samples);
        }
        catch (IOException busy) when (busy.HResult is LockedOnLinux or LockedOnBsd or LockedOnWindows)
        {
            return null; // a living process writes it
        }

        if (samples == 0)
        {
            File.Delete(path);
            return null;
        }

        File.Move(path, finished);
        return new MendedRecording(new CallSid(Path.GetFileName(finished).Split('.', '-')[0]), finished, StereoWav.Duration(samples));
    }

    private static void Complete(SafeFileHandle file, long samples)
    {
        RandomAccess.SetLength(file, StereoWav.HeaderBytes + (samples * StereoWav.FrameBytes));
        RandomAccess.Write(file, StereoWav.Header(samples), 0);
    }

    private sealed class RecordingFile : IRecordingFile
    {
        private readonly FileStream _stream;
        private readonly string _path, _finished;

        public RecordingFile(string path, string finished, FileMode mode = FileMode.CreateNew)
        {
            (_path, _finished) = (path, finished);
            var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
            if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            _stream = new FileStream(path, options);
            if (mode == FileMode.CreateNew)
                RandomAccess.Write(_stream.SafeFileHandle, StereoWav.Header(0), 0);
            else
                Samples = StereoWav.Samples(_stream.Length);
        }

        public string Name => Path.GetFileName(_finished);

        public long Samples { get; }

        public void Write(long position, ReadOnlySpan<byte> interleaved) =>
            RandomAccess.Write(_stream.SafeFileHandle, interleaved, StereoWav.HeaderBytes + (position * StereoWav.FrameBytes));

        public string Finish(long samples)
        {
            Complete(_stream.SafeFileHandle, samples);
            Dispose();
            File.Move(_path, _finished);
            return _finished;
        }

        public void Dispose() => _stream.Dispose();
    }
}
