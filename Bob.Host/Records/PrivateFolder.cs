namespace Bob.Host.Records;

/// <summary>Folders and files that hold what callers said: nobody else on the machine looks into them.</summary>
internal static class PrivateFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>How a file in such a folder is opened: should the folder be older than Bob and open to others, the file is not.</summary>
    public static FileStreamOptions File(FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode is not (FileMode.Open or FileMode.Truncate))
            options.UnixCreateMode = OwnersFile;
        return options;
    }

    /// <summary>Makes a folder if it is missing, and those above it. What is there already stays as it is.</summary>
    public static void Make(string path)
    {
        if (Directory.Exists(path))
            return;
        if (Path.GetDirectoryName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(path))) is { } above)
            Make(above); // by itself .NET would open these to everybody
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly);
    }
}
