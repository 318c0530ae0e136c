/* What glibc's libstdc++, libgcc_s and OpenSSL need and musl does not have. Built as ld-linux-x86-64.so.2, the name that they ask for. */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <locale.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>
#include <ucontext.h>

/* libstdc++ skips its locks where this is not 0. */
char __libc_single_threaded = 0;

uint32_t arc4random(void)
{
    uint32_t value;
    while (getrandom(&value, sizeof value, 0) != sizeof value)
        ;
    return value;
}

size_t __strftime_l(char *text, size_t most, const char *format, const struct tm *time, locale_t locale)
{
    return strftime_l(text, most, format, time, locale);
}

/* Destructors of thread-local objects run when the thread ends, last registered first. */
struct destructor { void (*run)(void *); void *object; struct destructor *next; };
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void run_all(void *first)
{
    for (struct destructor *d = first, *next; d; d = next) {
        next = d->next;
        d->run(d->object);
        free(d);
    }
}

static void make_key(void) { pthread_key_create(&key, run_all); }

int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *library)
{
    (void)library;
    struct destructor *d = malloc(sizeof *d);
    if (!d)
        return -1;
    pthread_once(&once, make_key);
    *d = (struct destructor){ run, object, pthread_getspecific(key) };
    return pthread_setspecific(key, d);
}

/* The layout of glibc's struct dl_find_object on x86-64. */
struct found { unsigned long long flags; void *begin, *end; struct link_map *map; void *eh_frame; unsigned long long reserved[7]; };
struct search { uintptr_t address; struct found *found; };

static int look_at(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    struct search *search = data;
    uintptr_t first = UINTPTR_MAX, end = 0, eh_frame = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD) {
            first = start < first ? start : first;
            end = start + header->p_memsz > end ? start + header->p_memsz : end;
        }
        if (header->p_type == PT_GNU_EH_FRAME)
            eh_frame = start;
    }
    if (search->address < first || search->address >= end || !eh_frame)
        return 0;
    *search->found = (struct found){ .begin = (void *)first, .end = (void *)end, .eh_frame = (void *)eh_frame };
    return 1;
}

int _dl_find_object(void *address, struct found *found)
{
    struct search search = { (uintptr_t)address, found };
    return dl_iterate_phdr(look_at, &search) ? 0 : -1;
}

/* libgcc_s has these under an old version alone, which musl's loader passes over. Nothing asks for what they say. */
struct { unsigned vendor, type, subtype, features[1]; } __cpu_model;

int __cpu_indicator_init(void) { return 0; }

/* The checked forms of glibc's headers. */
static void require(int holds)
{
    if (!holds)
        abort();
}

void *__memcpy_chk(void *to, const void *from, size_t count, size_t room)
{
    require(count <= room);
    return memcpy(to, from, count);
}

void *__memset_chk(void *to, int value, size_t count, size_t room)
{
    require(count <= room);
    return memset(to, value, count);
}

char *__strcat_chk(char *to, const char *from, size_t room)
{
    require(strlen(to) + strlen(from) < room);
    return strcat(to, from);
}

long __fdelt_chk(long descriptor)
{
    require(descriptor >= 0 && descriptor < 1024);
    return descriptor / 64;
}

int __vfprintf_chk(FILE *file, int flag, const char *format, va_list values)
{
    (void)flag;
    return vfprintf(file, format, values);
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int count = __vfprintf_chk(file, flag, format, values);
    va_end(values);
    return count;
}

int __sprintf_chk(char *text, int flag, size_t room, const char *format, ...)
{
    (void)flag;
    va_list values;
    va_start(values, format);
    int count = vsnprintf(text, room, format, values);
    va_end(values);
    require(count >= 0 && (size_t)count < room);
    return count;
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)flag;
    va_list values;
    va_start(values, format);
    vsyslog(priority, format, values);
    va_end(values);
}

/* OpenSSL's coroutines are not used; where these fail it does without. */
int getcontext(ucontext_t *context) { (void)context; errno = ENOSYS; return -1; }
int setcontext(const ucontext_t *context) { (void)context; errno = ENOSYS; return -1; }
void makecontext(ucontext_t *context, void (*run)(void), int count, ...) { (void)context; (void)run; (void)count; abort(); }
