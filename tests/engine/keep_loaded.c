/* Linked into tests under AddressSanitizer: plugins that MPI unloads stay, so that leak reports can name them and be suppressed. */
int dlclose(void *handle);

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
